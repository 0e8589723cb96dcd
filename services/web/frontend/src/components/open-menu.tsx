import { clsx } from 'clsx'
import { DropdownMenu as Radix } from 'radix-ui'
import type { MenuProps } from '@/components/menu'

const ITEM = 'flex items-center gap-2 rounded-md px-2 py-1.5 text-xs outline-none data-disabled:opacity-60 data-highlighted:bg-sunken [&_svg]:size-4 [&_svg]:stroke-[1.5]'

/** The menu itself, open from its first moment. */
export default function OpenMenu({ trigger, items, header, side = 'bottom' }: MenuProps) {
  return (
    <Radix.Root defaultOpen modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content side={side} align="end" sideOffset={4} collisionPadding={8} className="pop z-50 min-w-48 rounded-lg border border-line bg-surface p-1 shadow-lift">
          {header}
          {items.map((item, place) =>
            item === 'rule' ? (
              // A rule has no identity beyond its place.
              // oxlint-disable-next-line react/no-array-index-key
              <Radix.Separator key={`rule-${place}`} className="my-1 h-px bg-line" />
            ) : (
              <Radix.Item key={item.label} disabled={Boolean(item.reason)} onSelect={item.onSelect} className={clsx(ITEM, item.danger && 'text-vermilion')}>
                {item.icon}
                <span>
                  {item.label}
                  {item.reason && <span className="block text-2xs text-ink-3">{item.reason}</span>}
                </span>
              </Radix.Item>
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
