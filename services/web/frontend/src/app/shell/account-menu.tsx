import { useQuery } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { Menu } from '@/components/menu'
import { toastError } from '@/components/toast'
import { useSignOut } from '@/features/session/use-session'
import { sessionQuery } from '@/lib/api/queries'

const ROLE = { admin: 'Admin', context_engineer: 'Context engineer', viewer: 'Viewer' }

const initials = (name: string) => name.split(/\s+/).slice(0, 2).map((word) => word[0]?.toUpperCase() ?? '').join('')

/** Who is signed in and in which project; sign out. */
export function AccountMenu({ project, className, wordsClass }: { project: string; className: string; wordsClass: string }) {
  const { data } = useQuery(sessionQuery(project))
  const signOut = useSignOut(() => location.assign('/login'))
  const user = data?.user
  const current = data?.projects.find(({ slug }) => slug === project)
  if (!user) return null
  const trigger = (
    <button type="button" className={className}>
      <span aria-hidden className="-mx-1 grid size-6 shrink-0 place-items-center rounded-full bg-lapis-wash text-[0.625rem] font-medium text-lapis">{initials(user.name)}</span>
      <span className={`min-w-0 truncate ${wordsClass}`}><span className="sr-only">Account of </span>{user.name}</span>
    </button>
  )
  const header = (
    <div className="border-b border-line px-2 pt-1 pb-2 text-xs">
      <p className="font-medium">{user.name}</p>
      <p className="text-2xs text-ink-3">{user.email}</p>
      {current && <p className="mt-1.5 text-2xs text-ink-2">{current.name} · {ROLE[current.role]}</p>}
    </div>
  )
  const leave = () => signOut.mutate(undefined, { onError: (error) => toastError('You are still signed in.', error) })
  return <Menu side="top" trigger={trigger} header={header} items={[{ label: 'Sign out', icon: <LogOut />, onSelect: leave }]} />
}
