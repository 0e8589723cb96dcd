import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { type Column, columnsFor, DataTable, ROW_LINK, type RowKey } from '@/components/data-table'
import { RENAME } from '@/components/editable-title'
import { StatusBadge } from '@/components/status-badge'
import { useRefusal } from '@/components/use-can'
import { When } from '@/components/when'
import { DocumentMenu } from '@/features/documents/document-menu'
import type { DocumentsSearch } from '@/features/documents/documents-search'
import { useDocumentChanges } from '@/features/documents/use-document-changes'
import type { DocumentSummary } from '@/lib/api/types'
import { countText, moneyText } from '@/lib/format'

interface DocumentsTableProps {
  project: string
  documents: readonly DocumentSummary[]
  search: DocumentsSearch
  onChange: (part: Partial<DocumentsSearch>) => void
}

const column = columnsFor<DocumentSummary>()
const NUMBER = { className: 'max-md:hidden tabular text-right' }
const MIDDLE = { className: 'max-sm:hidden' }

const COLUMNS = (project: string): Column<DocumentSummary>[] => [
  column.accessor('title', { header: 'Title', sortFn: 'text', cell: ({ row }) => <TitleCell project={project} document={row.original} /> }),
  column.display({ id: 'prompt', header: 'Prompt', meta: { className: 'max-lg:hidden' }, cell: ({ row }) => <PromptCell project={project} document={row.original} /> }),
  column.accessor('words', { header: 'Words', sortFn: 'basic', meta: NUMBER, cell: ({ row }) => <span className="text-xs">{row.original.status === 'generating' ? '' : countText(row.original.words)}</span> }),
  column.accessor((document) => Number(document.cost_usd ?? -1), { id: 'cost', header: 'Cost', sortFn: 'basic', meta: NUMBER, cell: ({ row }) => <span className="text-xs text-ink-2">{row.original.cost_usd === null ? '' : moneyText(row.original.cost_usd)}</span> }),
  column.accessor('created_at', { id: 'created', header: 'Created', sortFn: 'basic', meta: MIDDLE, cell: ({ row }) => <span className="text-xs text-ink-2"><When iso={row.original.created_at} /></span> }),
  column.display({ id: 'actions', header: () => <span className="sr-only">Actions</span>, meta: { className: 'w-0 !pr-0' }, cell: ({ row }) => <DocumentMenu project={project} document={row.original} /> }),
]

export function DocumentsTable({ project, documents, search, onChange }: DocumentsTableProps) {
  const columns = useMemo(() => COLUMNS(project), [project])
  const sorting = useMemo(() => [{ id: search.sort ?? 'created', desc: !search.up }], [search.sort, search.up])
  const sort = ([first]: { id: string; desc: boolean }[]) => onChange({ sort: first?.id as DocumentsSearch['sort'], up: first?.desc ? undefined : true })
  return <DataTable label="Documents" rows={documents} columns={columns} rowId={(document) => document.id} sorting={sorting} onSorting={sort} keys={useRowKeys(project)} />
}

function useRowKeys(project: string): RowKey<DocumentSummary>[] {
  const navigate = useNavigate()
  const { remove } = useDocumentChanges(project)
  const disabledReason = useRefusal(project, 'documents.write')
  return [
    { id: 'rename-row', label: 'Rename this row', keys: 'e', disabledReason, run: ({ id }) => void navigate({ to: '/$project/documents/$documentId', params: { project, documentId: id }, hash: RENAME }) },
    { id: 'delete-row', label: 'Delete this row', keys: 'Delete', disabledReason, removes: true, run: (document) => remove.mutate(document) },
  ]
}

function TitleCell({ project, document }: { project: string; document: DocumentSummary }) {
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
      <Link to="/$project/documents/$documentId" params={{ project, documentId: document.id }} {...ROW_LINK} className="rounded font-medium text-ink hover:text-lapis">{document.title}</Link>
      {document.status !== 'ready' && <StatusBadge status={document.status} />}
      {document.simulated && <SimulatedBadge />}
      <span className="w-full text-2xs text-ink-3 sm:hidden">{document.prompt_title ?? 'Written by hand'} · <When iso={document.created_at} /></span>
    </div>
  )
}

function PromptCell({ project, document: { prompt_id: promptId, prompt_title: title, prompt_version: version } }: { project: string; document: DocumentSummary }) {
  if (!promptId) return <span className="text-xs text-ink-3">Written by hand</span>
  return <Link to="/$project/prompts/$promptId" params={{ project, promptId }} className="rounded text-xs text-ink-2 hover:text-lapis">{title} <span className="tabular text-ink-3">v{version}</span></Link>
}
