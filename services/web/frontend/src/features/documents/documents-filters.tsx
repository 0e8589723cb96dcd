import { useInfiniteQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { LayoutGrid, List } from 'lucide-react'
import { IconButton } from '@/components/button'
import { Checkbox, Select } from '@/components/field'
import { FilterInput } from '@/components/filter-input'
import { statusWord } from '@/components/status-badge'
import { type DocumentsSearch, STATUSES } from '@/features/documents/documents-search'
import { promptsQuery } from '@/lib/api/queries'
import type { DocumentStatus } from '@/lib/api/types'

interface DocumentsFiltersProps {
  project: string
  search: DocumentsSearch
  onChange: (part: Partial<DocumentsSearch>) => void
}

/** Text, state, prompt, archive, and the choice between table and grid. */
export function DocumentsFilters({ project, search, onChange }: DocumentsFiltersProps) {
  const prompts = useInfiniteQuery(promptsQuery(project)).data?.pages.flatMap((page) => page.items) ?? []
  const unknown = search.prompt_id !== undefined && !prompts.some(({ id }) => id === search.prompt_id)
  return (
    <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2">
      <FilterInput label="Filter documents" value={search.q ?? ''} onChange={(q) => onChange({ q: q || undefined })} />
      <Select aria-label="State" className="!w-36 max-sm:flex-1" value={search.status ?? ''} onChange={(event) => onChange({ status: (event.target.value || undefined) as DocumentStatus | undefined })}>
        <option value="">Any state</option>
        {STATUSES.map((status) => <option key={status} value={status}>{statusWord(status)}</option>)}
      </Select>
      <Select aria-label="Prompt" className="!w-52 max-sm:flex-1" value={search.prompt_id ?? ''} onChange={(event) => onChange({ prompt_id: event.target.value || undefined })}>
        <option value="">Any prompt</option>
        {unknown && <option value={search.prompt_id}>One prompt</option>}
        {prompts.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
      </Select>
      <Checkbox label="Archived" checked={search.archived ?? false} onChange={(event) => onChange({ archived: event.target.checked || undefined })} />
      <div className="ml-auto flex" role="group" aria-label="View">
        <IconButton label="Table" aria-pressed={search.view !== 'grid'} className={clsx(search.view !== 'grid' && 'bg-sunken text-ink')} onClick={() => onChange({ view: undefined })}><List /></IconButton>
        <IconButton label="Grid" aria-pressed={search.view === 'grid'} className={clsx(search.view === 'grid' && 'bg-sunken text-ink')} onClick={() => onChange({ view: 'grid' })}><LayoutGrid /></IconButton>
      </div>
    </div>
  )
}
