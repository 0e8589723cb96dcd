import { FileText, LayoutDashboard, Quote, ScrollText } from 'lucide-react'

/** The rooms of the app, in the order of the rail. */
export const ROOMS = [
  { label: 'Desk', to: '/$project', keys: 'g d', icon: LayoutDashboard, exact: true },
  { label: 'Prompts', to: '/$project/prompts', keys: 'g p', icon: ScrollText, exact: false },
  { label: 'Snippets', to: '/$project/snippets', keys: 'g s', icon: Quote, exact: false },
  { label: 'Documents', to: '/$project/documents', keys: 'g o', icon: FileText, exact: false },
] as const
