import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/button'
import { FilterInput } from '@/components/filter-input'
import { PageHeader } from '@/components/page-header'
import { Empty, Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { CreateSnippetDialog } from '@/features/snippets/create-snippet-dialog'
import { SnippetEditor } from '@/features/snippets/snippet-editor'
import { snippetsQuery } from '@/lib/api/queries'
import type { Snippet } from '@/lib/api/types'
import { plural } from '@/lib/format'
import { useActions } from '@/lib/shortcuts'
import { useProject } from '@/lib/use-project'

/** Snippets: the list beside the editor of the chosen one. */
export function SnippetsPage() {
  const project = useProject()
  const { s: name, create } = useSearch({ from: '/$project/snippets' })
  const navigate = useNavigate({ from: '/$project/snippets' })
  const refusal = useRefusal(project, 'prompts.write')
  const query = useQuery(snippetsQuery(project))
  const open = () => void navigate({ search: { create: true } })
  useActions([{ id: 'create-here', label: 'Create snippet', group: 'Create', keys: 'c', run: open, disabledReason: refusal }])
  const chosen = create ? undefined : query.data?.items.find((snippet) => snippet.name === name)
  return (
    <>
      <PageHeader title="Snippets" status={query.data && <span className="tabular">{plural(query.data.items.length, 'snippet')}</span>} actions={<Button variant="primary" reason={refusal} onClick={open}><Plus />Create snippet</Button>} />
      <div className="flex min-h-0 flex-1 max-md:flex-col md:overflow-hidden">
        <section aria-label="All snippets" className={clsx('shrink-0 border-line px-5 py-4 md:w-80 md:overflow-y-auto md:border-r', chosen && 'max-md:hidden')}>
          <Loaded query={query} what="snippets">{({ items }) => <SnippetList project={project} snippets={items} chosen={chosen?.name ?? null} refusal={refusal} onCreate={open} />}</Loaded>
        </section>
        <section aria-label="Snippet" className={clsx('flex min-h-0 min-w-0 flex-1 flex-col', !chosen && 'max-md:hidden')}>
          {chosen ? <SnippetEditor key={chosen.id} project={project} snippet={chosen} refusal={refusal} /> : <NothingChosen name={name} loaded={query.data !== undefined} />}
        </section>
      </div>
      {create && <CreateSnippetDialog project={project} name={name ?? ''} taken={query.data?.items.map((snippet) => snippet.name) ?? []} onClose={() => void navigate({ search: {}, replace: true })} />}
    </>
  )
}

interface SnippetListProps {
  project: string
  snippets: readonly Snippet[]
  chosen: string | null
  refusal: string | null
  onCreate: () => void
}

function SnippetList({ project, snippets, chosen, refusal, onCreate }: SnippetListProps) {
  const [filter, setFilter] = useState('')
  const shown = snippets.filter(({ name, content }) => `${name} ${content}`.toLowerCase().includes(filter.toLowerCase()))
  if (snippets.length === 0) {
    return (
      <Empty title="No snippets yet." text="A snippet is a text that many prompts share, such as a house style. Write @its-name in a prompt, and its newest text is inserted when a document is generated.">
        <Button variant="primary" reason={refusal} onClick={onCreate}><Plus />Create snippet</Button>
      </Empty>
    )
  }
  return (
    <>
      <FilterInput label="Filter snippets" value={filter} onChange={setFilter} />
      {shown.length === 0 && <Empty title="No snippet matches."><Button onClick={() => setFilter('')}>Clear the filter</Button></Empty>}
      <ul className="mt-3 flex flex-col gap-0.5">
        {shown.map(({ id, name, content, used_by: usedBy }) => (
          <li key={id}>
            <Link to="/$project/snippets" params={{ project }} search={{ s: name }} aria-current={name === chosen ? 'true' : undefined} className={clsx('block rounded-md px-3 py-2', name === chosen ? 'bg-surface shadow-[inset_2px_0_0_var(--lapis)]' : 'hover:bg-sunken')}>
              <span className="flex items-baseline justify-between gap-2"><span className="truncate font-mono text-sm text-verdigris">@{name}</span><span className="shrink-0 text-2xs text-ink-3">{usedBy > 0 ? plural(usedBy, 'prompt') : 'unused'}</span></span>
              <span className="block truncate text-2xs text-ink-2">{content.split('\n')[0] || 'Empty'}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

function NothingChosen({ name, loaded }: { name: string | undefined; loaded: boolean }) {
  const text = name && loaded ? `No snippet is named “${name}”. It was deleted, or never created.` : 'Choose a snippet to read or change it.'
  return <p className="p-8 text-ink-2">{text}</p>
}
