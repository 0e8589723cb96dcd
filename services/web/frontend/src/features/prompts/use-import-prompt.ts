import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { answerOf, api } from '@/lib/api/client'
import { promptQuery } from '@/lib/api/queries'
import { dropDraft } from '@/lib/drafts'

const TEXTS = ['instructions', 'messages', 'input', 'system', 'prompt']

/** Whether a text is an object of JSON that holds a prompt, rather than a prompt. */
export function looksImportable(text: string): boolean {
  if (!text.trimStart().startsWith('{"') && !/^\s*\{\s*\n/.test(text)) return false
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null && TEXTS.some((name) => name in found)
  } catch {
    return false
  }
}

/** Make a prompt of pasted JSON and open its page. */
export function useImportPrompt(project: string, draftKey: string) {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (source: string) => answerOf(api(project).POST('/api/prompts/import', { body: { source } })),
    onSuccess: (prompt) => {
      client.setQueryData(promptQuery(project, prompt.id).queryKey, prompt)
      void client.invalidateQueries({ queryKey: [project, 'prompt', 'list'] })
      // The dialog keeps its text once more as it goes; only then is the draft dropped for good.
      void navigate({ to: '/$project/prompts/$promptId', params: { project, promptId: prompt.id }, replace: true }).then(() => dropDraft(draftKey))
    },
  })
}
