import { Link, useNavigate } from '@tanstack/react-router'
import { Archive, Copy, Ellipsis, FileText, FolderOpen, Trash2 } from 'lucide-react'
import { useMemo } from 'react'
import { Badge } from '@/components/badge'
import { buttonLook, IconButton } from '@/components/button'
import { type Column, columnsFor, DataTable, ROW_LINK, type RowKey } from '@/components/data-table'
import { RENAME } from '@/components/editable-title'
import { Menu } from '@/components/menu'
import { SnippetChip } from '@/components/snippet-chip'
import { useRefusal } from '@/components/use-can'
import { When } from '@/components/when'
import type { PromptsSearch } from '@/features/prompts/prompts-search'
import { usePromptChanges } from '@/features/prompts/use-prompt-changes'
import type { PromptSummary } from '@/lib/api/types'

interface PromptsTableProps {
  project: string
  prompts: readonly PromptSummary[]
  search: PromptsSearch
  onChange: (part: Partial<PromptsSearch>) => void
}

const column = columnsFor<PromptSummary>()
const WIDE = { className: 'max-md:hidden' }
const MIDDLE = { className: 'max-sm:hidden' }

const COLUMNS = (project: string, onTag: (tag: string) => void): Column<PromptSummary>[] => [
  column.accessor('title', { header: 'Title', sortFn: 'text', cell: ({ row }) => <TitleCell project={project} prompt={row.original} onTag={onTag} /> }),
  column.accessor('latest_version', { id: 'version', header: 'Version', sortFn: 'basic', meta: MIDDLE, cell: ({ row }) => <VersionCell prompt={row.original} /> }),
  column.accessor((prompt) => prompt.default_model ?? '', { id: 'model', header: 'Model', sortFn: 'text', meta: WIDE, cell: ({ row }) => <ModelCell model={row.original.default_model ?? null} /> }),
  column.accessor('updated_at', { id: 'updated', header: 'Edited', sortFn: 'basic', meta: MIDDLE, cell: ({ row }) => <span className="text-xs text-ink-2"><When iso={row.original.updated_at} /></span> }),
  column.display({ id: 'actions', header: () => <span className="sr-only">Actions</span>, meta: { className: 'w-0 !pr-0' }, cell: ({ row }) => <RowActions project={project} prompt={row.original} /> }),
]

export function PromptsTable({ project, prompts, search, onChange }: PromptsTableProps) {
  // The address changes with each keystroke in the filter; the columns must not.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  const columns = useMemo(() => COLUMNS(project, (tag) => onChange({ tag })), [project])
  const sorting = useMemo(() => [{ id: search.sort ?? 'updated', desc: !search.up }], [search.sort, search.up])
  const sort = (next: { id: string; desc: boolean }[]) => {
    const [first] = next
    onChange({ sort: first?.id as PromptsSearch['sort'], up: first?.desc ? undefined : true })
  }
  return <DataTable label="Prompts" rows={prompts} columns={columns} rowId={(prompt) => prompt.id} sorting={sorting} onSorting={sort} keys={useRowKeys(project)} />
}

function useRowKeys(project: string): RowKey<PromptSummary>[] {
  const navigate = useNavigate()
  const { remove } = usePromptChanges(project)
  const disabledReason = useRefusal(project, 'prompts.write')
  return [
    { id: 'rename-row', label: 'Rename this row', keys: 'e', disabledReason, run: ({ id }) => void navigate({ to: '/$project/prompts/$promptId', params: { project, promptId: id }, hash: RENAME }) },
    { id: 'delete-row', label: 'Delete this row', keys: 'Delete', disabledReason, removes: true, run: (prompt) => remove.mutate(prompt) },
  ]
}

function TitleCell({ project, prompt, onTag }: { project: string; prompt: PromptSummary; onTag: (tag: string) => void }) {
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
      <Link to="/$project/prompts/$promptId" params={{ project, promptId: prompt.id }} {...ROW_LINK} className="rounded font-medium text-ink hover:text-lapis">{prompt.title}</Link>
      {prompt.snippets.map(({ name, found }) => <SnippetChip key={name} project={project} name={name} found={found ?? true} />)}
      {prompt.tags.map((tag) => <button key={tag} type="button" className="rounded text-2xs text-ink-3 hover:text-ink hover:underline" onClick={() => onTag(tag)}>#{tag}</button>)}
      <span className="w-full text-2xs text-ink-3 sm:hidden">v{prompt.latest_version} · <When iso={prompt.updated_at} /></span>
    </div>
  )
}

function ModelCell({ model }: { model: string | null }) {
  return model ? <span className="font-mono text-2xs text-ink-2">{model}</span> : <span className="text-2xs text-ink-3">Installation default</span>
}

function VersionCell({ prompt }: { prompt: PromptSummary }) {
  const labels = Object.entries(prompt.labels)
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      <span className="tabular text-xs">v{prompt.latest_version}</span>
      {labels.map(([label, version]) => <Badge key={label} tone="verdigris">{label}{version === prompt.latest_version ? '' : ` v${version}`}</Badge>)}
    </span>
  )
}

function RowActions({ project, prompt }: { project: string; prompt: PromptSummary }) {
  const navigate = useNavigate()
  const { archive, remove } = usePromptChanges(project)
  const refusal = useRefusal(project, 'prompts.write')
  const cannotGenerate = useRefusal(project, 'documents.generate')
  const to = { project, promptId: prompt.id }
  const generate = { to: '/$project/documents', params: { project }, search: { generate: true, prompt: prompt.id } } as const
  const items = [
    { label: 'Open', icon: <FolderOpen />, onSelect: () => void navigate({ to: '/$project/prompts/$promptId', params: to }) },
    { label: 'Generate Document', icon: <FileText />, reason: cannotGenerate, onSelect: () => void navigate(generate) },
    { label: 'Clone', icon: <Copy />, reason: refusal, onSelect: () => void navigate({ to: '/$project/prompts', params: { project }, search: { new: true, clone: prompt.id } }) },
    { label: prompt.archived ? 'Take out of the archive' : 'Archive', icon: <Archive />, reason: refusal, onSelect: () => archive(prompt) },
    'rule' as const,
    { label: 'Delete', icon: <Trash2 />, danger: true, reason: refusal, onSelect: () => remove.mutate(prompt) },
  ]
  return (
    <div className="flex items-center justify-end gap-1">
      {!cannotGenerate && <Link {...generate} className={buttonLook({ variant: 'outline', size: 'sm' }, 'max-md:hidden')}><FileText />Generate Document</Link>}
      <Menu trigger={<IconButton label={`Actions for ${prompt.title}`}><Ellipsis /></IconButton>} items={items} />
    </div>
  )
}
