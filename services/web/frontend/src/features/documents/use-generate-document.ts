import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { answerOf, api } from '@/lib/api/client'
import { documentQuery } from '@/lib/api/queries'
import type { Body } from '@/lib/api/types'
import { IntentKeys } from '@/lib/idempotency'
import { keepOfPerson } from '@/lib/person'

/** Generate Document: orders the text and goes to its page while the model writes. */
export function useGenerateDocument(project: string) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [keys] = useState(() => new IntentKeys())
  return useMutation({
    mutationFn: (body: Body<'generateDocument'>) => answerOf(api(project).POST('/api/documents', { body, headers: { 'Idempotency-Key': keys.keyFor(body) } })),
    onSuccess: (document, { prompt_id: promptId, values }) => {
      keys.settle()
      keepOfPerson(`values.${promptId}`, values)
      client.setQueryData(documentQuery(project, document.id).queryKey, document)
      void client.invalidateQueries({ queryKey: [project, 'document', 'list'] })
      void navigate({ to: '/$project/documents/$documentId', params: { project, documentId: document.id } })
    },
  })
}
