import { Link } from '@tanstack/react-router'
import { CircleHelp, X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { AccountMenu } from '@/app/shell/account-menu'
import { useRooms } from '@/app/shell/navigation'
import type { Overlay } from '@/app/shell/shell'
import { ThemeButton } from '@/app/shell/theme-button'
import { IconButton } from '@/components/button'

const ITEM = 'flex h-10 w-full items-center gap-3 rounded-md px-2 text-sm text-ink-2 hover:bg-paper hover:text-ink [&_svg]:size-5 [&_svg]:stroke-[1.5]'

/** The rail as a drawer, below 900 px. */
export default function Drawer({ project, open, onClose }: { project: string; open: (overlay: Overlay) => void; onClose: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim fixed inset-0 z-30" />
        <Dialog.Content aria-describedby={undefined} className="fixed inset-y-0 left-0 z-30 flex w-64 flex-col gap-1 border-r border-line bg-sunken p-3 shadow-lift">
          <div className="flex items-center justify-between pl-2">
            <Dialog.Title className="font-serif text-md font-semibold">Scriptorium</Dialog.Title>
            <Dialog.Close asChild><IconButton label="Close"><X /></IconButton></Dialog.Close>
          </div>
          <nav aria-label="All pages" className="flex flex-col">
            {useRooms(project).map(({ label, to, icon: Icon, exact }) => (
              <Link key={label} to={to} params={{ project }} onClick={onClose} activeOptions={{ exact: exact ?? false, includeSearch: false }} activeProps={{ className: 'bg-surface font-medium !text-ink' }} className={ITEM}>
                <Icon />{label}
              </Link>
            ))}
          </nav>
          <div className="mt-auto flex flex-col">
            <button type="button" className={ITEM} onClick={() => open('shortcuts')}><CircleHelp />Help</button>
            <ThemeButton className={ITEM} wordsClass="" />
            <AccountMenu project={project} className={ITEM} wordsClass="" />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
