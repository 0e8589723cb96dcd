import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toastDone, toastError } from '@/components/toast'
import { answerOf, api } from '@/lib/api/client'
import type { ApiKey, Body } from '@/lib/api/types'
import { IntentKeys } from '@/lib/idempotency'

/** Make and revoke keys. The text of a new key is in the answer to `create` and nowhere else. */
export function useKeyChanges(project: string) {
  const client = useQueryClient()
  const [intents] = useState(() => new IntentKeys())
  const refresh = () => void client.invalidateQueries({ queryKey: [project, 'key'] })
  const create = useMutation({
    mutationFn: (body: Body<'createKey'>) => answerOf(api(project).POST('/api/keys', { body, headers: { 'Idempotency-Key': intents.keyFor(body) } })),
    onSuccess: () => {
      intents.settle()
      refresh()
    },
    // The text must not outlive the dialog that shows it.
    gcTime: 0,
  })
  const revoke = useMutation({
    mutationFn: ({ id }: ApiKey) => answerOf(api(project).DELETE('/api/keys/{api_key_id}', { params: { path: { api_key_id: id } } })),
    onSuccess: (_done, { name }) => {
      refresh()
      void toastDone(`“${name}” opens nothing any more.`)
    },
    onError: (error) => toastError('The key was not revoked and still works.', error),
  })
  return { create, revoke }
}
