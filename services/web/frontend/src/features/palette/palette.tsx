import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { type ReactNode, useState } from 'react'
import { Keycaps } from '@/components/keycaps'
import { searchQuery } from '@/lib/api/queries'
import type { SearchItem } from '@/lib/api/types'
import { useDebounced } from '@/lib/debounced'
import { recentItems } from '@/lib/recent'
import { type Action, latestPerId, useCurrentActions } from '@/lib/shortcuts'

const DEBOUNCE_MILLISECONDS = 120
const KIND = { prompt: 'Prompt', document: 'Document', snippet: 'Snippet' } as const

type Target = Pick<SearchItem, 'kind' | 'id' | 'title'> & { subtitle?: string }

interface PaletteProps {
  project: string
  /** What was typed before this code arrived. */
  typed: string
  onClose: () => void
}

/** Find anything or do anything: actions here, recent and found items, creating, going. */
export default function Palette({ project, typed, onClose }: PaletteProps) {
  const [text, setText] = useState(typed)
  const mode = text.startsWith('>') ? 'actions' : text.startsWith('@') ? 'snippets' : 'all'
  const query = text.replace(/^[>@]/, '').trim()
  const { found, answered: latest, settled, failed } = useSearch(project, mode === 'actions' ? '' : query)
  const actions = latestPerId(useCurrentActions()).filter((action) => action.id !== 'palette' && matches(action.label, query))
  const jump = mode === 'actions' ? [] : found.filter(({ kind }) => mode === 'all' || kind === 'snippet')
  const open = useOpen(project, onClose)
  const [picked, setPicked] = useState<string | null>(null)
  const [answered, setAnswered] = useState(latest)
  // Results have just arrived above what was marked: the mark goes to the first of them.
  if (answered !== latest) {
    setAnswered(latest)
    setPicked(null)
  }
  const run = (action: Action) => {
    onClose()
    // The dialog must be gone before an action that opens another one or moves the focus.
    setTimeout(action.run)
  }
  const group = (name: Action['group']) => (mode === 'snippets' ? [] : actions.filter((action) => action.group === name))
  return (
    <Command.Dialog open value={picked ?? (jump[0] ? `item ${jump[0].id}` : '')} onValueChange={setPicked} onOpenChange={(isOpen) => !isOpen && onClose()} label="Find or do" shouldFilter={false} loop overlayClassName="scrim fixed inset-0 z-40" contentClassName="pop fixed inset-x-0 top-[12dvh] z-40 mx-auto w-[calc(100%-2rem)] max-w-xl overflow-hidden rounded-lg border border-line bg-surface shadow-lift">
      <Command.Input value={text} onValueChange={setText} placeholder="Find or do…  (> actions, @ snippets)" className="w-full border-b border-line bg-transparent px-4 py-3 text-md outline-none" />
      <Command.List className="max-h-[60dvh] overflow-y-auto p-2">
        <Section title="Here">{group('Here').map((action) => <ActionRow key={action.id} action={action} onRun={run} />)}</Section>
        <Section title={query === '' ? 'Recent' : 'Jump to'}>
          {jump.map((item) => <TargetRow key={item.id} item={item} onOpen={open} />)}
        </Section>
        <Section title="Create">
          {group('Create').map((action) => <ActionRow key={action.id} action={action} onRun={run} />)}
          {query !== '' && mode === 'all' && settled && <CreateRow project={project} title={query} onClose={onClose} />}
        </Section>
        <Section title="Go to">{group('Go to').map((action) => <ActionRow key={action.id} action={action} onRun={run} />)}</Section>
        <Section title="Settings">{group('Settings').map((action) => <ActionRow key={action.id} action={action} onRun={run} />)}</Section>
        {failed && query !== '' && <p className="px-2 py-2 text-xs text-vermilion">The search does not answer. Actions still work.</p>}
      </Command.List>
    </Command.Dialog>
  )
}

/** What the server finds, with what this person visited last for an empty text. Until it has answered for this very text, only what fits the text is shown of the last answer. */
function useSearch(project: string, query: string) {
  const asked = useDebounced(query, DEBOUNCE_MILLISECONDS)
  const search = useQuery(searchQuery(project, asked))
  const settled = asked === query && !search.isPlaceholderData && !search.isPending
  const items = search.data?.items ?? []
  const found: Target[] = query === '' ? recentItems(project) : settled ? items : items.filter(({ title }) => matches(title, query))
  return { found, answered: search.data, settled: settled || search.isError, failed: search.isError }
}

const ROW = 'flex items-center gap-3 rounded-md px-2 py-1.5 text-sm aria-disabled:opacity-60 aria-selected:bg-sunken'

function matches(label: string, query: string): boolean {
  const words = label.toLowerCase()
  return query.toLowerCase().split(/\s+/).every((word) => words.includes(word))
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const empty = Array.isArray(children) ? children.flat().filter(Boolean).length === 0 : !children
  if (empty) return null
  return <Command.Group heading={title} className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-ink-3">{children}</Command.Group>
}

function ActionRow({ action, onRun }: { action: Action; onRun: (action: Action) => void }) {
  return (
    <Command.Item value={`action ${action.id}`} disabled={Boolean(action.disabledReason)} onSelect={() => onRun(action)} className={ROW}>
      <span className="min-w-0 flex-1 truncate">{action.label}{action.disabledReason && <span className="block text-2xs text-ink-3">{action.disabledReason}</span>}</span>
      {action.keys && <span className="text-ink-3"><Keycaps keys={action.keys} /></span>}
    </Command.Item>
  )
}

function TargetRow({ item, onOpen }: { item: Target; onOpen: (item: Target) => void }) {
  return (
    <Command.Item value={`item ${item.id}`} onSelect={() => onOpen(item)} className={ROW}>
      <span className="min-w-0 flex-1 truncate">{item.title}</span>
      <span className="truncate text-2xs text-ink-3">{item.subtitle || KIND[item.kind]}</span>
    </Command.Item>
  )
}

function CreateRow({ project, title, onClose }: { project: string; title: string; onClose: () => void }) {
  const navigate = useNavigate()
  const create = () => {
    onClose()
    void navigate({ to: '/$project/prompts', params: { project }, search: { new: true, title } })
  }
  return <Command.Item value="create titled" onSelect={create} className={ROW}>Create prompt titled “{title}”</Command.Item>
}

function useOpen(project: string, onClose: () => void) {
  const navigate = useNavigate()
  return ({ kind, id, title }: Target) => {
    onClose()
    if (kind === 'prompt') void navigate({ to: '/$project/prompts/$promptId', params: { project, promptId: id } })
    if (kind === 'document') void navigate({ to: '/$project/documents/$documentId', params: { project, documentId: id } })
    if (kind === 'snippet') void navigate({ to: '/$project/snippets', params: { project }, search: { s: title } })
  }
}
