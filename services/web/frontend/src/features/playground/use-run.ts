import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toastError } from '@/components/toast'
import { answerOf, api } from '@/lib/api/client'
import { generationQuery } from '@/lib/api/queries'
import type { GenerationRequest } from '@/lib/api/types'
import type { LiveGeneration } from '@/lib/generation-stream'
import { IntentKeys } from '@/lib/idempotency'
import { useGeneration } from '@/lib/use-generation'

export interface Run {
  live: LiveGeneration & { reopen: () => void }
  /** The id of the answer on screen; null before the first one. */
  id: string | null
  /** Its model as the gateway resolved it. */
  model: string | null
  simulated: boolean
  starting: boolean
  writing: boolean
  error: unknown
  /** When the answer on screen was asked for. */
  startedAt: number
  start: (request: GenerationRequest, onStarted: (answer: { id: string; model: string }) => void) => void
  stop: () => void
  /** Put an earlier answer back on screen. */
  show: (id: string) => void
}

/** One column of the playground: ask a model, follow its answer, stop it. */
export function useRun(project: string): Run {
  const [keys] = useState(() => new IntentKeys())
  const [shown, setShown] = useState<{ id: string; at: number } | null>(null)
  const begin = useMutation({
    mutationFn: (request: GenerationRequest) => answerOf(api(project).POST('/api/playground', { body: { request }, headers: { 'Idempotency-Key': keys.keyFor(request) } })),
    onSuccess: (generation) => {
      keys.settle()
      setShown({ id: generation.id, at: Date.now() })
    },
  })
  const cancel = useMutation({
    mutationFn: (id: string) => answerOf(api(project).POST('/api/generations/{generation_id}/cancel', { params: { path: { generation_id: id } } })),
    onError: (error) => toastError('The model could not be stopped.', error),
  })
  const id = shown?.id ?? null
  const live = useGeneration(project, id)
  const order = useQuery(generationQuery(project, id)).data
  return {
    live,
    id,
    model: live.generation?.model ?? order?.model ?? null,
    simulated: live.generation?.simulated ?? order?.simulated ?? false,
    starting: begin.isPending,
    writing: id !== null && live.generation === null,
    error: begin.error,
    startedAt: shown?.at ?? 0,
    start: (request, onStarted) => begin.mutate(request, { onSuccess: onStarted }),
    stop: () => id && cancel.mutate(id),
    show: (earlier) => setShown({ id: earlier, at: Date.now() }),
  }
}
