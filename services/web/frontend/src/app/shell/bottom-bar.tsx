import { Link } from '@tanstack/react-router'
import { Ellipsis } from 'lucide-react'
import { useRooms } from '@/app/shell/navigation'
import type { Overlay } from '@/app/shell/shell'

const ITEM = 'flex flex-1 flex-col items-center justify-center gap-0.5 text-2xs text-ink-2 [&_svg]:size-5 [&_svg]:stroke-[1.5]'

const AT_THE_THUMB = 4

/** The rooms at the thumb, below 640 px. */
export function BottomBar({ project, open }: { project: string; open: (overlay: Overlay) => void }) {
  return (
    <nav aria-label="Pages" className="flex h-14 shrink-0 border-t border-line bg-sunken pb-[env(safe-area-inset-bottom)] sm:hidden">
      {useRooms(project).slice(0, AT_THE_THUMB).map(({ label, to, icon: Icon, exact }) => (
        <Link key={label} to={to} params={{ project }} activeOptions={{ exact: exact ?? false, includeSearch: false }} activeProps={{ className: '!text-lapis font-medium', 'aria-current': 'page' }} className={ITEM}>
          <Icon />{label}
        </Link>
      ))}
      <button type="button" className={ITEM} onClick={() => open('drawer')}><Ellipsis />More</button>
    </nav>
  )
}
