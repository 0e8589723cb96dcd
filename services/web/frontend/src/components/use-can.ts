import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '@/lib/api/queries'
import { useOnline } from '@/lib/online'

/** Why an action of the policy table cannot be done now; null where it can. The server's list decides. */
export function useRefusal(project: string, action: string): string | null {
  const { data } = useQuery(sessionQuery(project))
  const online = useOnline()
  if (!online) return 'You are offline. What you write is kept on this device.'
  if (data && !data.capabilities.includes(action)) return 'Your role in this project may not do this. Ask an admin of the project.'
  return null
}
