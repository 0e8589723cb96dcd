import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answerOf, api } from '@/lib/api/client'
import { isProblem } from '@/lib/api/problem'
import { generationQuery } from '@/lib/api/queries'
import type { Optimization } from '@/lib/api/types'
import { IntentKeys } from '@/lib/idempotency'
import type { LiveGeneration } from '@/lib/generation-stream'
import { useGeneration } from '@/lib/use-generation'

/** The verdict follows the last word within moments: the service proves that nothing was lost. */
const VERDICT_MILLISECONDS = 500
/** The stream tells when the model has ended; where it is away, asking does. */
const WRITING_MILLISECONDS = 2_000

export interface OptimizationState {
  phase: 'idle' | 'starting' | 'writing' | 'checking' | Exclude<Optimization['status'], 'running'>
  live: LiveGeneration
  simulated: boolean
  optimization: Optimization | null
  error: unknown
  start: (template: string, model: string | null) => void
  stop: () => void
  reset: () => void
  choice: Choice
}

/** Changes of a proposal that were taken back. Their numbers hold for one text: another one begins with none. */
export interface Choice {
  undoneIn: (template: string) => ReadonlySet<number>
  toggle: (template: string, change: number) => void
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
    enabled: started !== null,
    refetchInterval: ({ state }) => ((state.data ?? started)?.status === 'running' ? (ended ? VERDICT_MILLISECONDS : WRITING_MILLISECONDS) : false),
  })
  const cancel = useMutation({
    mutationFn: (generationId: string) => answerOf(api(project).POST('/api/generations/{generation_id}/cancel', { params: { path: { generation_id: generationId } } })),
  })
  const order = useQuery(generationQuery(project, started?.generation_id ?? null)).data
  const optimization = verdict.data ?? started
  // A server that is away for a moment has not refused: we go on asking.
  const refused = isProblem(verdict.error) && verdict.error.passing ? null : verdict.error
  return {
    phase: phaseOf(begin.isPending, optimization, ended),
    live,
    simulated: optimization?.simulated ?? order?.simulated ?? false,
    optimization,
    error: begin.error ?? refused,
    start: (template, model) => begin.mutate({ template, model }),
    stop: () => started && cancel.mutate(started.generation_id),
    reset: begin.reset,
    choice: useChoice(),
  }
}

function phaseOf(starting: boolean, optimization: Optimization | null, ended: boolean): OptimizationState['phase'] {
  if (starting) return 'starting'
  if (!optimization) return 'idle'
  if (optimization.status !== 'running') return optimization.status
  return ended ? 'checking' : 'writing'
}

const NONE: ReadonlySet<number> = new Set()

function useChoice(): Choice {
  const [{ template: of, undone }, set] = useState({ template: '', undone: NONE })
  const undoneIn = (template: string) => (template === of ? undone : NONE)
  return {
    undoneIn,
    toggle: (template, change) => {
      const next = new Set(undoneIn(template))
      if (!next.delete(change)) next.add(change)
      set({ template, undone: next })
    },
  }
}
