import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toastError, toastUndo } from '@/components/toast'
import { answerOf, api } from '@/lib/api/client'
import { promptQuery } from '@/lib/api/queries'
import type { Body, PromptDetail, PromptSummary } from '@/lib/api/types'
import { forget } from '@/lib/recent'

const path = (prompt_id: string) => ({ params: { path: { prompt_id } } })

/** Everything that changes a prompt beside its text; lists follow at once. */
export function usePromptChanges(project: string) {
  const client = useQueryClient()
  const refresh = () => void client.invalidateQueries({ queryKey: [project, 'prompt', 'list'] })
  const keep = (prompt: PromptDetail) => {
    client.setQueryData(promptQuery(project, prompt.id).queryKey, prompt)
    refresh()
  }

  const restore = useMutation({
    mutationFn: (id: string) => answerOf(api(project).POST('/api/prompts/{prompt_id}/restore', path(id))),
    onSuccess: keep,
    onError: (error) => toastError('The prompt could not be brought back.', error),
  })
  const update = useMutation({
    mutationFn: ({ id, body }: { id: string; body: Body<'updatePrompt'> }) => answerOf(api(project).PATCH('/api/prompts/{prompt_id}', { ...path(id), body })),
    onSuccess: keep,
    onError: (error, { id }) => {
      void client.invalidateQueries({ queryKey: promptQuery(project, id).queryKey })
      toastError('The change was not saved.', error)
    },
  })
  const remove = useMutation({
    mutationFn: (prompt: PromptSummary) => answerOf(api(project).DELETE('/api/prompts/{prompt_id}', path(prompt.id))),
    onSuccess: (_done, { id, title }) => {
      forget(project, id)
      refresh()
      toastUndo(`Deleted “${title}”.`, () => restore.mutate(id))
    },
    onError: (error) => toastError('The prompt was not deleted.', error),
  })
  const moveLabel = useMutation({
    mutationFn: ({ id, label, version }: { id: string; label: string; version: number }) =>
      answerOf(api(project).PUT('/api/prompts/{prompt_id}/labels/{label}', { params: { path: { prompt_id: id, label } }, body: { version } })),
    onSuccess: keep,
    onError: (error) => toastError('The label was not moved.', error),
  })
  const archive = (prompt: PromptSummary) =>
    update.mutate(
      { id: prompt.id, body: { revision: prompt.revision, archived: !prompt.archived } },
      { onSuccess: (saved) => toastUndo(saved.archived ? `Archived “${prompt.title}”.` : `“${prompt.title}” is back in the list.`, () => update.mutate({ id: prompt.id, body: { revision: saved.revision, archived: !saved.archived } })) },
    )
  return { update, remove, archive, moveLabel }
}
