import { Link } from '@tanstack/react-router'
import { Menu as MenuIcon, Search } from 'lucide-react'
import type { Overlay } from '@/app/shell/shell'
import { IconButton } from '@/components/button'
import { SimulatedNotice } from '@/app/shell/simulated-notice'

/** Below 900 px: where the rail is folded away, its head and the way to it. */
export function TopBar({ project, open }: { project: string; open: (overlay: Overlay) => void }) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-sunken px-2 md:hidden">
      <IconButton label="Open the navigation" className="max-sm:hidden" onClick={() => open('drawer')}><MenuIcon /></IconButton>
      <Link to="/$project" params={{ project }} className="flex items-center gap-2 px-1 font-serif text-md font-semibold">
        <img src="/favicon.svg" alt="" className="size-6" />Scriptorium
      </Link>
      <span className="ml-auto [&_p]:mb-0"><SimulatedNotice wordsClass="" /></span>
      <IconButton label="Find or do…" keys="$mod+k" onClick={() => open('palette')}><Search /></IconButton>
    </header>
  )
}
