import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { answerOf, api } from '@/lib/api/client'
import { promptQuery } from '@/lib/api/queries'
import type { Parameter } from '@/lib/api/types'
import { dropDraft } from '@/lib/drafts'
import { IntentKeys } from '@/lib/idempotency'

/** A prompt before its first version. `titleFrom` decides whether a model may still name it. */
export interface NewPrompt {
  title: string
  titleFrom: 'nobody' | 'person' | 'model' | 'simulator'
  template: string
  model: string | null
  /** Kept from the prompt that was cloned; null lets the server find them. */
  parameters: Parameter[] | null
}

export const EMPTY_PROMPT: NewPrompt = { title: '', titleFrom: 'nobody', template: '', model: null, parameters: null }

/** Save Prompt: makes version 1 and opens the prompt's page. */
export function useCreatePrompt(project: string, draftKey: string) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [keys] = useState(() => new IntentKeys())
  return useMutation({
    mutationFn: ({ title, template, model, parameters }: NewPrompt) => {
      const body = { title: title.trim(), template, default_model: model, parameters, set_slug: 'default', description: '', tags: [], message: 'First version' }
      return answerOf(api(project).POST('/api/prompts', { body, headers: { 'Idempotency-Key': keys.keyFor(body) } }))
    },
    onSuccess: (prompt) => {
      client.setQueryData(promptQuery(project, prompt.id).queryKey, prompt)
      void client.invalidateQueries({ queryKey: [project, 'prompt', 'list'] })
      // The dialog keeps its text once more as it goes; only then is the draft dropped for good.
      void navigate({ to: '/$project/prompts/$promptId', params: { project, promptId: prompt.id }, replace: true }).then(() => dropDraft(draftKey))
    },
  })
}
