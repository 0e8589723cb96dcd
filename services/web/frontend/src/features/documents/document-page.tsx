import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { NotHere } from '@/components/not-here'
import { PageHeader } from '@/components/page-header'
import { Loaded } from '@/components/states'
import { DocumentSheet } from '@/features/documents/document-sheet'
import { isProblem } from '@/lib/api/problem'
import { documentQuery } from '@/lib/api/queries'
import { visit } from '@/lib/recent'

/** One document, live while a model writes it: the page of a finished one is the same page. */
export function DocumentPage({ project, documentId }: { project: string; documentId: string }) {
  const query = useQuery(documentQuery(project, documentId))
  const title = query.data?.title
  // Writes this device's list of recent items.
  useEffect(() => {
    if (title) visit(project, { kind: 'document', id: documentId, title })
  }, [project, documentId, title])
  if (isProblem(query.error, 404) && !query.data) return <NotHere what="document" project={project} />
  if (query.data) return <DocumentSheet project={project} document={query.data} />
  return (
    <>
      <PageHeader title="Document" crumbs={[{ label: 'Documents', link: { to: '/$project/documents', params: { project } } }]} />
      <div className="px-5"><Loaded query={query} what="document" shape="text">{() => null}</Loaded></div>
    </>
  )
}
