import { Link } from '@tanstack/react-router'
import { SimulatedBadge } from '@/components/badge'
import { StatusBadge } from '@/components/status-badge'
import { When } from '@/components/when'
import { DocumentMenu } from '@/features/documents/document-menu'
import type { DocumentSummary } from '@/lib/api/types'
import { plural } from '@/lib/format'

/** Documents as sheets of paper with their first lines. */
export function DocumentsGrid({ project, documents }: { project: string; documents: readonly DocumentSummary[] }) {
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-4">
      {documents.map((document) => (
        <li key={document.id} className="relative flex h-56 flex-col rounded-lg border border-line bg-surface p-4 focus-within:border-edge hover:border-edge">
          <div className="flex items-start gap-2">
            <Link to="/$project/documents/$documentId" params={{ project, documentId: document.id }} className="min-w-0 flex-1 rounded font-serif text-md leading-6 after:absolute after:inset-0">{document.title}</Link>
            <div className="relative z-10 -mt-1 -mr-2"><DocumentMenu project={project} document={document} /></div>
          </div>
          <p className="mt-2 line-clamp-5 flex-1 font-serif text-sm text-ink-2">{plainWords(document.excerpt)}</p>
          <div className="relative mt-3 flex flex-wrap items-center gap-2 text-2xs text-ink-3">
            {document.status === 'ready' ? plural(document.words, 'word') : <StatusBadge status={document.status} />}
            {document.simulated && <SimulatedBadge />}
            <span className="ml-auto"><When iso={document.created_at} /></span>
          </div>
        </li>
      ))}
    </ul>
  )
}

/** First lines without the signs of Markdown, which mean nothing at this size. */
function plainWords(markdown: string): string {
  return markdown.replace(/^\s{0,3}(?:#{1,6}|[-*+>]|\d+[.)])\s+/gm, '').replace(/[*_`]+/g, '')
}
