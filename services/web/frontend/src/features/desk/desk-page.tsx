import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { FilePlus2, PenLine, Quote } from 'lucide-react'
import type { ReactNode } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { buttonLook } from '@/components/button'
import { PageHeader } from '@/components/page-header'
import { ErrorState, Loading } from '@/components/states'
import { StatusBadge } from '@/components/status-badge'
import { When } from '@/components/when'
import { documentsQuery, promptsQuery } from '@/lib/api/queries'
import type { DocumentSummary, PromptSummary } from '@/lib/api/types'
import { plural } from '@/lib/format'
import { useProject } from '@/lib/use-project'

const RECENT = 6

/** What is moving and what was touched last; for somebody new, where to begin. */
export function DeskPage() {
  const project = useProject()
  const prompts = useInfiniteQuery(promptsQuery(project))
  const documents = useInfiniteQuery(documentsQuery(project))
  const promptItems = prompts.data?.pages[0]?.items
  const documentItems = documents.data?.pages[0]?.items
  const error = prompts.error ?? documents.error
  return (
    <>
      <PageHeader title="Desk" />
      <div className="px-5 py-5 max-sm:px-4">
        {promptItems && documentItems
          ? <Desk project={project} prompts={promptItems} documents={documentItems} />
          : error
            ? <ErrorState what="The desk" error={error} onRetry={() => void Promise.all([prompts.refetch(), documents.refetch()])} />
            : <Loading what="the desk" />}
      </div>
    </>
  )
}

interface DeskProps {
  project: string
  prompts: readonly PromptSummary[]
  documents: readonly DocumentSummary[]
}

function Desk({ project, prompts, documents }: DeskProps) {
  const running = documents.filter(({ status }) => status === 'generating')
  const stopped = documents.filter(({ status }) => status === 'interrupted' || status === 'failed').slice(0, RECENT)
  if (prompts.length === 0 && documents.length === 0) return <Starters project={project} />
  return (
    <div className="grid max-w-6xl gap-x-10 gap-y-8 lg:grid-cols-2">
      <Section title="Running now" none="Nothing is being written." wide={stopped.length === 0}>{running.map((document) => <DocumentRow key={document.id} project={project} document={document} />)}</Section>
      {stopped.length > 0 && <Section title="Waiting for you">{stopped.map((document) => <DocumentRow key={document.id} project={project} document={document} />)}</Section>}
      <Section title="Prompts, last edited" none="No prompts yet." more={<Link to="/$project/prompts" params={{ project }} className="text-lapis underline">All prompts</Link>}>
        {prompts.slice(0, RECENT).map((prompt) => <PromptRow key={prompt.id} project={project} prompt={prompt} />)}
      </Section>
      <Section title="Documents, newest" none="No documents yet." more={<Link to="/$project/documents" params={{ project }} className="text-lapis underline">All documents</Link>}>
        {documents.filter(({ status }) => status !== 'generating').slice(0, RECENT).map((document) => <DocumentRow key={document.id} project={project} document={document} />)}
      </Section>
    </div>
  )
}

interface SectionProps {
  title: string
  none?: string
  more?: ReactNode
  wide?: boolean
  children: ReactNode[]
}

function Section({ title, none, more, wide = false, children }: SectionProps) {
  return (
    <section aria-label={title} className={wide ? 'lg:col-span-2' : ''}>
      <h2 className="flex items-baseline justify-between border-b border-line pb-1.5 text-xs font-medium text-ink-2">{title}{more && <span className="font-normal">{more}</span>}</h2>
      {children.length > 0 ? <ul className="divide-y divide-line">{children}</ul> : <p className="py-3 text-xs text-ink-3">{none}</p>}
    </section>
  )
}

const ROW = 'flex min-h-11 text-sm flex-wrap items-center gap-x-2 gap-y-0.5 py-1.5'

function PromptRow({ project, prompt }: { project: string; prompt: PromptSummary }) {
  return (
    <li className={ROW}>
      <Link to="/$project/prompts/$promptId" params={{ project, promptId: prompt.id }} className="min-w-0 flex-1 truncate rounded font-medium hover:text-lapis">{prompt.title}</Link>
      <span className="tabular text-2xs text-ink-3">v{prompt.latest_version}</span>
      <span className="w-24 text-right text-2xs text-ink-3"><When iso={prompt.updated_at} /></span>
    </li>
  )
}

function DocumentRow({ project, document }: { project: string; document: DocumentSummary }) {
  return (
    <li className={ROW}>
      <Link to="/$project/documents/$documentId" params={{ project, documentId: document.id }} className="min-w-0 flex-1 truncate max-sm:basis-full rounded font-medium hover:text-lapis">{document.title}</Link>
      {document.simulated && <SimulatedBadge />}
      {document.status === 'ready' ? <span className="tabular text-2xs text-ink-3">{plural(document.words, 'word')}</span> : <StatusBadge status={document.status} />}
      <span className="w-24 text-right text-2xs text-ink-3"><When iso={document.created_at} /></span>
    </li>
  )
}

function Starters({ project }: { project: string }) {
  return (
    <div className="max-w-2xl py-6">
      <p className="font-serif text-xl">A quiet place to write prompts, and what is made with them.</p>
      <p className="mt-2 text-ink-2">Begin with a prompt. Its placeholders become a form, and a model writes documents from what you fill in.</p>
      <ul className="mt-6 flex flex-col gap-3">
        <li><Link to="/$project/prompts" params={{ project }} search={{ new: true }} className={buttonLook({ variant: 'primary', size: 'lg' })}><PenLine />Write a prompt</Link></li>
        <li><Link to="/$project/snippets" params={{ project }} search={{ create: true }} className={buttonLook({ size: 'lg' })}><Quote />Create a snippet that prompts share</Link></li>
        <li><Link to="/$project/documents" params={{ project }} search={{ generate: true }} className={buttonLook({ size: 'lg' })}><FilePlus2 />Generate a document</Link></li>
      </ul>
    </div>
  )
}
