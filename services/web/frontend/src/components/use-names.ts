import { useQuery } from '@tanstack/react-query'
import { keysQuery } from '@/lib/api/gateway-queries'
import { sessionQuery } from '@/lib/api/queries'

const KIND: Record<string, string> = { us: 'Person', ak: 'Key', pv: 'Prompt version', ru: 'Run' }
/** As much of an id as people compare by eye. */
const TAIL = 6

/** What people, keys and runs are called where only their ids are known; other texts stay as they are. */
export function useNames(project: string): (id: string) => string {
  const { data: session } = useQuery(sessionQuery(project))
  const mayList = session?.capabilities.includes('keys.manage') ?? false
  const { data: keys } = useQuery({ ...keysQuery(project), enabled: mayList })
  return (id) => {
    if (id === session?.user?.id) return session.user.name
    const key = keys?.items.find((each) => each.id === id)
    if (key) return key.name
    const kind = KIND[id.slice(0, 2)]
    return kind && id[2] === '_' ? `${kind} …${id.slice(-TAIL)}` : id
  }
}
