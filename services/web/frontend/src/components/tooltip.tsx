import { Tooltip as Radix } from 'radix-ui'
import type { ReactElement } from 'react'
import { Keycaps } from '@/components/keycaps'

export const TooltipProvider = Radix.Provider

interface TooltipProps {
  text: string
  keys?: string | undefined
  children: ReactElement
}

/** Words beside an element on hover and focus; Escape closes them. */
export function Tooltip({ text, keys, children }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content sideOffset={6} collisionPadding={8} className="pop z-50 flex max-w-72 items-center gap-2 rounded-md bg-ink px-2 py-1 text-2xs text-paper">
          {text}
          {keys && <Keycaps keys={keys} />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
