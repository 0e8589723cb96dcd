import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useMemo } from 'react'
import { Button } from '@/components/button'
import { Checkbox } from '@/components/field'
import { FilterInput } from '@/components/filter-input'
import { PageHeader } from '@/components/page-header'
import { Empty, Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import type { PromptsSearch } from '@/features/prompts/prompts-search'
import { PromptsTable } from '@/features/prompts/prompts-table'
import { promptsQuery } from '@/lib/api/queries'
import { plural } from '@/lib/format'
import { useActions } from '@/lib/shortcuts'
import { useAllPages } from '@/lib/use-all-pages'
import { useProject } from '@/lib/use-project'

const CreatePromptDialog = lazy(() => import('@/features/prompts/create-prompt-dialog'))

const SAMPLE = 'Outline {{ episode_count }} episodes from this premise, scene by scene:\n\n{{ premise }}\n'

/** All prompts of a project. Filter, order and the create dialog live in the address. */
export function PromptsPage() {
  const project = useProject()
  const search = useSearch({ from: '/$project/prompts/' })
  const navigate = useNavigate({ from: '/$project/prompts/' })
  const refusal = useRefusal(project, 'prompts.write')
  const change = (part: Partial<PromptsSearch>, replace = true) => void navigate({ search: (old) => ({ ...old, ...part }), replace })
  const filter = useMemo(() => ({ ...(search.q ? { query: search.q } : {}), ...(search.tag ? { tag: search.tag } : {}), ...(search.archived ? { archived: true } : {}) }), [search.q, search.tag, search.archived])
  const query = useInfiniteQuery(promptsQuery(project, filter))
  const { items, total } = useAllPages(query, search.sort !== undefined && (search.sort !== 'updated' || search.up === true))
  const filtered = Boolean(search.q || search.tag || search.archived)
  const create = () => change({ new: true }, false)
  useActions([{ id: 'create-here', label: 'Create New Prompt', group: 'Create', keys: 'c', run: create, disabledReason: refusal }])
  return (
    <>
      <PageHeader title="Prompts" status={query.data && <span className="tabular">{plural(total, 'prompt')}</span>} actions={<Button variant="primary" reason={refusal} onClick={create}><Plus />Create New Prompt</Button>} />
      <div className="px-5 py-4 max-sm:px-4">
        <div className="mb-3 flex flex-wrap items-center gap-x-5 gap-y-2">
          <FilterInput label="Filter prompts" value={search.q ?? ''} onChange={(q) => change({ q: q || undefined })} />
          {search.tag && <Button size="sm" onClick={() => change({ tag: undefined })} aria-label={`Stop filtering by tag ${search.tag}`}>Tag: {search.tag} ×</Button>}
          <Checkbox label="Archived" checked={search.archived ?? false} onChange={(event) => change({ archived: event.target.checked || undefined })} />
        </div>
        <Loaded query={query} what="prompts">
          {() => items.length > 0
            ? <PromptsTable project={project} prompts={items} search={search} onChange={change} />
            : filtered ? <NothingFound onClear={() => change({ q: undefined, tag: undefined, archived: undefined })} /> : <FirstPrompt reason={refusal} onCreate={create} />}
        </Loaded>
        {query.hasNextPage && <Button className="mt-4" pending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button>}
      </div>
      {search.new && (
        <Suspense fallback={null}>
          <CreatePromptDialog project={project} title={search.title} cloneOf={search.clone} onClose={() => change({ new: undefined, title: undefined, clone: undefined })} />
        </Suspense>
      )}
    </>
  )
}

const NothingFound = ({ onClear }: { onClear: () => void }) => <Empty title="No prompt matches these filters."><Button onClick={onClear}>Clear filters</Button></Empty>

function FirstPrompt({ reason, onCreate }: { reason: string | null; onCreate: () => void }) {
  return (
    <Empty title="Nothing is written yet." text="A prompt is a text with placeholders. Its versions stay for ever, and a model makes documents from it.">
      <pre className="w-full rounded-md border border-line bg-sunken p-3 font-mono text-sm whitespace-pre-wrap">{SAMPLE}</pre>
      <Button variant="primary" reason={reason} onClick={onCreate}><Plus />Create New Prompt</Button>
    </Empty>
  )
}
