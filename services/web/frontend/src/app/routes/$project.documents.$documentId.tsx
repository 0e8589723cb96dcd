import { createFileRoute } from '@tanstack/react-router'
import { DocumentPage } from '@/features/documents/document-page'
import { documentQuery } from '@/lib/api/queries'

export const Route = createFileRoute('/$project/documents/$documentId')({
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(documentQuery(params.project, params.documentId)),
  component: () => {
    const { project, documentId } = Route.useParams()
    return <DocumentPage key={documentId} project={project} documentId={documentId} />
  },
})
