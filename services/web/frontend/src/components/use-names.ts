import { useQuery } from '@tanstack/react-query'
import { keysQuery, versionNamesQuery } from '@/lib/api/gateway-queries'
import { sessionQuery } from '@/lib/api/queries'

const KIND: Record<string, string> = { us: 'Person', ak: 'Key', pv: 'Prompt version', ru: 'Run' }
/** As much of an id as people compare by eye. */
const TAIL = 6
const NONE: readonly string[] = []

/** What people, keys and runs are called where only their ids are known, and the prompt versions among `shown`; other texts stay as they are. */
export function useNames(project: string, shown: readonly string[] = NONE): (id: string) => string {
  const { data: session } = useQuery(sessionQuery(project))
  const may = (action: string) => session?.capabilities.includes(action) ?? false
  const keys = useQuery({ ...keysQuery(project), enabled: may('keys.manage') }).data?.items
  const versions = shown.filter((id) => id.startsWith('pv_'))
  const names = useQuery({ ...versionNamesQuery(project, versions), enabled: versions.length > 0 && may('prompts.read') }).data?.items
  return (id) => {
    if (id === session?.user?.id) return session.user.name
    const version = names?.find((each) => each.id === id)
    const key = keys?.find((each) => each.id === id)
    if (version) return `${version.title} v${version.number}`
    if (key) return key.name
    const kind = KIND[id.slice(0, 2)]
    return kind && id[2] === '_' ? `${kind} …${id.slice(-TAIL)}` : id
  }
}
