import { useQuery } from '@tanstack/react-query'
import { ChartColumn, FileText, FlaskConical, KeyRound, LayoutDashboard, Plug, Quote, ScrollText, Wallet } from 'lucide-react'
import { sessionQuery } from '@/lib/api/queries'

/** The rooms of the app, in the order of the rail; the first four are at the thumb on a phone. */
const ROOMS = [
  { label: 'Desk', to: '/$project', keys: 'g d', icon: LayoutDashboard, exact: true },
  { label: 'Prompts', to: '/$project/prompts', keys: 'g p', icon: ScrollText },
  { label: 'Snippets', to: '/$project/snippets', keys: 'g s', icon: Quote },
  { label: 'Documents', to: '/$project/documents', keys: 'g o', icon: FileText },
  { label: 'Playground', to: '/$project/playground', keys: 'g y', icon: FlaskConical, begins: true },
  { label: 'Usage', to: '/$project/usage', keys: 'g u', icon: ChartColumn },
  { label: 'Models', to: '/$project/settings/models', keys: 'g m', icon: Plug, begins: true },
  { label: 'Budgets', to: '/$project/settings/budgets', keys: 'g l', icon: Wallet },
  { label: 'API keys', to: '/$project/keys', keys: 'g k', icon: KeyRound, action: 'keys.manage' },
] as const

/** A room with what only some of them have: an exact address, a rule above it, the action that it is for. */
type Room = (typeof ROOMS)[number] & { exact?: boolean; begins?: boolean; action?: string }

/** The rooms that this person has something to do in. */
export function useRooms(project: string): Room[] {
  const { data } = useQuery(sessionQuery(project))
  return (ROOMS as readonly Room[]).filter(({ action }) => !action || data?.capabilities.includes(action))
}
