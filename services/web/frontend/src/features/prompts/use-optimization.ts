import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answerOf, api } from '@/lib/api/client'
import { generationQuery } from '@/lib/api/queries'
import type { Optimization } from '@/lib/api/types'
import { IntentKeys } from '@/lib/idempotency'
import type { LiveGeneration } from '@/lib/generation-stream'
import { useGeneration } from '@/lib/use-generation'

/** The verdict follows the last word within moments: the service proves that nothing was lost. */
const VERDICT_MILLISECONDS = 500

export interface OptimizationState {
  phase: 'idle' | 'starting' | 'writing' | 'checking' | Exclude<Optimization['status'], 'running'>
  live: LiveGeneration
  simulated: boolean
  optimization: Optimization | null
  error: unknown
  start: (template: string, model: string | null) => void
  stop: () => void
  reset: () => void
}

/** Have a model rewrite a prompt, follow it as it writes, and wait for the service's verdict. */
export function useOptimization(project: string): OptimizationState {
  const [keys] = useState(() => new IntentKeys())
  const begin = useMutation({
    mutationFn: (body: { template: string; model: string | null }) => answerOf(api(project).POST('/api/optimizations', { body, headers: { 'Idempotency-Key': keys.keyFor(body) } })),
    onSuccess: () => keys.settle(),
  })
  const started = begin.data ?? null
  const live = useGeneration(project, started?.generation_id ?? null)
  const ended = live.generation !== null
  const verdict = useQuery({
    queryKey: [project, 'optimization', started?.id],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/optimizations/{optimization_id}', { signal, params: { path: { optimization_id: started?.id ?? '' } } })),
    enabled: started !== null && ended,
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? VERDICT_MILLISECONDS : false),
  })
  const cancel = useMutation({
    mutationFn: (generationId: string) => answerOf(api(project).POST('/api/generations/{generation_id}/cancel', { params: { path: { generation_id: generationId } } })),
  })
  const order = useQuery(generationQuery(project, started?.generation_id ?? null)).data
  const optimization = verdict.data ?? started
  return {
    phase: phaseOf(begin.isPending, optimization, ended),
    live,
    simulated: optimization?.simulated ?? order?.simulated ?? false,
    optimization,
    error: begin.error ?? verdict.error,
    start: (template, model) => begin.mutate({ template, model }),
    stop: () => started && cancel.mutate(started.generation_id),
    reset: begin.reset,
  }
}

function phaseOf(starting: boolean, optimization: Optimization | null, ended: boolean): OptimizationState['phase'] {
  if (starting) return 'starting'
  if (!optimization) return 'idle'
  if (optimization.status !== 'running') return optimization.status
  return ended ? 'checking' : 'writing'
}
