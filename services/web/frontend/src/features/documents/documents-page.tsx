import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { FilePlus2 } from 'lucide-react'
import { lazy, Suspense, useMemo } from 'react'
import { Button } from '@/components/button'
import { PageHeader } from '@/components/page-header'
import { Empty, Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { DocumentsFilters } from '@/features/documents/documents-filters'
import { DocumentsGrid } from '@/features/documents/documents-grid'
import { DocumentsTable } from '@/features/documents/documents-table'
import type { DocumentsSearch } from '@/features/documents/documents-search'
import { documentsQuery } from '@/lib/api/queries'
import { plural } from '@/lib/format'
import { useActions } from '@/lib/shortcuts'
import { useAllPages } from '@/lib/use-all-pages'
import { useProject } from '@/lib/use-project'

const GenerateDialog = lazy(() => import('@/features/documents/generate-dialog'))

/** All documents of a project, as a table or as pages with their first lines. */
export function DocumentsPage() {
  const project = useProject()
  const search = useSearch({ from: '/$project/documents/' })
  const navigate = useNavigate({ from: '/$project/documents/' })
  const refusal = useRefusal(project, 'documents.generate')
  const change = (part: Partial<DocumentsSearch>, replace = true) => void navigate({ search: (old) => ({ ...old, ...part }), replace })
  const { q, status, prompt_id: promptId, archived } = search
  const filter = useMemo(
    () => ({ ...(q ? { query: q } : {}), ...(status ? { status } : {}), ...(promptId ? { promptId } : {}), ...(archived ? { archived } : {}) }),
    [q, status, promptId, archived],
  )
  const query = useInfiniteQuery(documentsQuery(project, filter))
  const { items, total } = useAllPages(query, search.sort !== undefined && (search.sort !== 'created' || search.up === true))
  const generate = () => change({ generate: true }, false)
  useActions([{ id: 'create-here', label: 'Generate Document', group: 'Create', keys: 'c', run: generate, disabledReason: refusal }])
  return (
    <>
      <PageHeader title="Documents" status={query.data && <span className="tabular">{plural(total, 'document')}</span>} actions={<Button variant="primary" reason={refusal} onClick={generate}><FilePlus2 />Generate Document</Button>} />
      <div className="px-5 py-4 max-sm:px-4">
        <DocumentsFilters project={project} search={search} onChange={change} />
        <Loaded query={query} what="documents">
          {() => {
            if (items.length > 0) return search.view === 'grid' ? <DocumentsGrid project={project} documents={items} /> : <DocumentsTable project={project} documents={items} search={search} onChange={change} />
            if (Object.keys(filter).length > 0) return <Empty title="No document matches these filters."><Button onClick={() => change({ q: undefined, status: undefined, prompt_id: undefined, archived: undefined })}>Clear filters</Button></Empty>
            return (
              <Empty title="No documents yet." text="A document is what a model writes from a prompt and the values that you fill in. You can watch it being written, stop it, and come back later.">
                <Button variant="primary" reason={refusal} onClick={generate}><FilePlus2 />Generate Document</Button>
              </Empty>
            )
          }}
        </Loaded>
        {query.hasNextPage && <Button className="mt-4" pending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button>}
      </div>
      {search.generate && (
        <Suspense fallback={null}>
          <GenerateDialog project={project} promptId={search.prompt} from={search.from} onChoose={(prompt) => change({ prompt })} onClose={() => change({ generate: undefined, prompt: undefined, from: undefined })} />
        </Suspense>
      )}
    </>
  )
}
