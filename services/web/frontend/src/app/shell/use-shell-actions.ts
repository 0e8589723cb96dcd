import { useNavigate } from '@tanstack/react-router'
import { useRooms } from '@/app/shell/navigation'
import type { Overlay } from '@/app/shell/shell'
import { type Action, useActions } from '@/lib/shortcuts'
import { chosenTheme, chooseTheme, type Theme } from '@/lib/theme'

const NEXT_THEME: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }

/** What can be done anywhere: go to the rooms, create, open the palette and the sheet of shortcuts. */
export function useShellActions(project: string, { open, toggleRail }: { open: (overlay: Overlay) => void; toggleRail: () => void }): void {
  const navigate = useNavigate()
  const params = { project }
  const rooms = useRooms(project).map(
    ({ label, to, keys }): Action => ({ id: `go-${label}`, label: `Go to ${label}`, group: 'Go to', keys, run: () => void navigate({ to, params }) }),
  )
  useActions([
    { id: 'palette', label: 'Find or do…', group: 'Go to', keys: '$mod+k', run: () => open('palette') },
    { id: 'shortcuts', label: 'Keyboard shortcuts', group: 'Settings', keys: '?', run: () => open('shortcuts') },
    { id: 'rail', label: 'Fold or unfold the rail', group: 'Settings', keys: '[', run: toggleRail },
    { id: 'theme', label: 'Switch light, dark or system', group: 'Settings', run: () => chooseTheme(NEXT_THEME[chosenTheme()]) },
    { id: 'new-prompt', label: 'Create New Prompt', group: 'Create', run: () => void navigate({ to: '/$project/prompts', params, search: { new: true } }) },
    { id: 'new-document', label: 'Generate Document', group: 'Create', run: () => void navigate({ to: '/$project/documents', params, search: { generate: true } }) },
    { id: 'new-snippet', label: 'Create snippet', group: 'Create', run: () => void navigate({ to: '/$project/snippets', params, search: { create: true } }) },
    ...rooms,
  ])
}
