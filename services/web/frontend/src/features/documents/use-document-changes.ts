import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toastError, toastUndo } from '@/components/toast'
import { answerOf, api } from '@/lib/api/client'
import { documentQuery } from '@/lib/api/queries'
import type { Body, DocumentDetail, DocumentSummary } from '@/lib/api/types'
import { forget } from '@/lib/recent'

const path = (document_id: string) => ({ params: { path: { document_id } } })

/** Everything that changes a document; lists follow at once. */
export function useDocumentChanges(project: string) {
  const client = useQueryClient()
  const refresh = () => void client.invalidateQueries({ queryKey: [project, 'document', 'list'] })
  const keep = (document: DocumentDetail) => {
    client.setQueryData(documentQuery(project, document.id).queryKey, document)
    refresh()
  }

  const restore = useMutation({
    mutationFn: (id: string) => answerOf(api(project).POST('/api/documents/{document_id}/restore', path(id))),
    onSuccess: keep,
    onError: (error) => toastError('The document could not be brought back.', error),
  })
  const update = useMutation({
    mutationFn: ({ id, body }: { id: string; body: Body<'updateDocument'> }) => answerOf(api(project).PATCH('/api/documents/{document_id}', { ...path(id), body })),
    onSuccess: keep,
  })
  const remove = useMutation({
    mutationFn: (document: DocumentSummary) => answerOf(api(project).DELETE('/api/documents/{document_id}', path(document.id))),
    onSuccess: (_done, { id, title }) => {
      forget(project, id)
      refresh()
      toastUndo(`Deleted “${title}”.`, () => restore.mutate(id))
    },
    onError: (error) => toastError('The document was not deleted.', error),
  })
  const proceed = useMutation({
    mutationFn: (id: string) => answerOf(api(project).POST('/api/documents/{document_id}/continue', path(id))),
    onSuccess: keep,
    onError: (error) => toastError('The model could not go on.', error),
  })
  const cancel = useMutation({
    mutationFn: (generationId: string) => answerOf(api(project).POST('/api/generations/{generation_id}/cancel', { params: { path: { generation_id: generationId } } })),
    onError: (error) => toastError('The model could not be stopped.', error),
  })
  const archive = (document: DocumentSummary) =>
    update.mutate(
      { id: document.id, body: { revision: document.revision, archived: !document.archived } },
      {
        onSuccess: (saved) => toastUndo(saved.archived ? `Archived “${saved.title}”.` : `“${saved.title}” is back in the list.`, () => update.mutate({ id: saved.id, body: { revision: saved.revision, archived: !saved.archived } })),
        onError: (error) => toastError('The change was not saved.', error),
      },
    )
  return { update, remove, archive, proceed, cancel }
}
