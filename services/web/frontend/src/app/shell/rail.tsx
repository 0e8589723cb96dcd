import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { CircleHelp, PanelLeft, Search } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { AccountMenu } from '@/app/shell/account-menu'
import { useRooms } from '@/app/shell/navigation'
import type { Overlay } from '@/app/shell/shell'
import { SimulatedNotice } from '@/app/shell/simulated-notice'
import { ThemeButton } from '@/app/shell/theme-button'
import { Keycaps } from '@/components/keycaps'
import { Tooltip } from '@/components/tooltip'

interface RailProps {
  project: string
  collapsed: boolean
  open: (overlay: Overlay) => void
  onToggle: () => void
}

const ITEM = 'flex h-8 w-full items-center gap-2.5 rounded-md px-2 text-xs text-ink-2 hover:bg-paper hover:text-ink [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:stroke-[1.5]'

const RULE = 'relative mt-4 before:absolute before:inset-x-0 before:-top-2 before:border-t before:border-line'

/** The left rail from 900 px on: unfolded from 1200 px, unless the member folds it. */
export function Rail({ project, collapsed, open, onToggle }: RailProps) {
  const words = collapsed ? 'sr-only' : 'max-lg:sr-only'
  return (
    <aside aria-label="Rail" className={clsx('hidden shrink-0 flex-col gap-1 border-r border-line bg-sunken p-2 md:flex', collapsed ? 'w-14' : 'w-14 lg:w-54')}>
      <div className="flex h-10 items-center gap-2 px-1">
        <img src="/favicon.svg" alt="" className="size-6 shrink-0" />
        <span className={clsx('font-serif text-md font-semibold', words)}>Scriptorium</span>
      </div>
      <RailButton label="Find or do…" keys="$mod+k" folded={collapsed} className="mb-2 border border-edge bg-surface" onClick={() => open('palette')} icon={<Search />}>
        <span className={clsx('ml-auto', words)}><Keycaps keys="$mod+k" /></span>
      </RailButton>
      <nav aria-label="Main" className="flex flex-col gap-0.5">
        {useRooms(project).map(({ label, to, keys, icon: Icon, exact, begins }) => (
          <Tooltip key={label} text={label} keys={keys} describes={false}>
            <Link
              to={to}
              params={{ project }}
              activeOptions={{ exact: exact ?? false, includeSearch: false }}
              activeProps={{ className: 'bg-surface font-medium !text-ink shadow-[inset_2px_0_0_var(--lapis)]', 'aria-current': 'page' }}
              className={clsx(ITEM, begins && RULE)}
            >
              <Icon /><span className={words}>{label}</span>
            </Link>
          </Tooltip>
        ))}
      </nav>
      <div className="mt-auto flex flex-col gap-0.5">
        <SimulatedNotice wordsClass={words} />
        <RailButton label="Help" keys="?" folded={collapsed} onClick={() => open('shortcuts')} icon={<CircleHelp />} />
        <ThemeButton className={ITEM} wordsClass={words} />
        <RailButton label={collapsed ? 'Unfold' : 'Fold'} keys="[" folded={collapsed} className="max-lg:hidden" onClick={onToggle} icon={<PanelLeft />} />
        <AccountMenu project={project} className={ITEM} wordsClass={words} />
      </div>
    </aside>
  )
}

interface RailButtonProps extends ComponentProps<'button'> {
  label: string
  keys: string
  folded: boolean
  icon: ReactNode
}

function RailButton({ label, keys, folded, icon, className, children, ...rest }: RailButtonProps) {
  return (
    <Tooltip text={label} keys={keys} describes={false}>
      <button type="button" className={clsx(ITEM, className)} {...rest}>
        {icon}<span className={folded ? 'sr-only' : 'max-lg:sr-only'}>{label}</span>{children}
      </button>
    </Tooltip>
  )
}
