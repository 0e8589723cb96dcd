import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Square } from 'lucide-react'
import { SimulatedBadge } from '@/components/badge'
import { Button } from '@/components/button'
import { Loaded } from '@/components/states'
import { toastError } from '@/components/toast'
import { useRefusal } from '@/components/use-can'
import { useNames } from '@/components/use-names'
import { answerOf, api } from '@/lib/api/client'
import { runningQuery } from '@/lib/api/gateway-queries'
import type { RunningGeneration } from '@/lib/api/types'
import { countText, elapsedText } from '@/lib/format'
import { useClock } from '@/lib/use-clock'

const TASKS: Record<string, string> = { generate_document: 'Writes a document', optimise_prompt: 'Improves a prompt', title_prompt: 'Names a prompt', other: 'Answers in the playground' }

/** What models are writing in the project now, whoever asked for it; each can be stopped. */
export function RunningNow({ project }: { project: string }) {
  const query = useQuery(runningQuery(project))
  const items = query.data?.items ?? []
  const now = useClock(items.length > 0)
  const nameOf = useNames(project)
  return (
    <section aria-label="Running now">
      <h2 className="border-b border-line pb-1.5 text-xs font-medium text-ink-2">
        Running now {query.data && query.data.total > 0 && <span className="tabular font-normal text-ink-3">{countText(query.data.total)}</span>}
      </h2>
      <Loaded query={query} what="running generations">
        {() => items.length === 0
          ? <p className="py-3 text-xs text-ink-3">Nothing is being written.</p>
          : <ul className="divide-y divide-line">{items.map((item) => <Row key={item.generation.id} project={project} item={item} now={now} who={nameOf(item.actor_id)} />)}</ul>}
      </Loaded>
    </section>
  )
}

function Row({ project, item: { generation, task }, now, who }: { project: string; item: RunningGeneration; now: number; who: string }) {
  const client = useQueryClient()
  const refusal = useRefusal(project, 'generations.cancel')
  const cancel = useMutation({
    mutationFn: () => answerOf(api(project).POST('/api/generations/{generation_id}/cancel', { params: { path: { generation_id: generation.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: [project, 'running'] }),
    onError: (error) => toastError('The model could not be stopped.', error),
  })
  const waits = generation.status === 'queued'
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-0.5 py-1.5 text-sm">
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-x-2"><span className="font-mono text-xs break-all">{generation.model}</span>{generation.simulated && <SimulatedBadge />}</p>
        <p className="text-2xs text-ink-3">{TASKS[task] ?? task} · {who}</p>
      </div>
      <span className="tabular text-2xs text-ink-2">{waits ? 'Waits' : countText(generation.usage.output_tokens ?? 0) + ' tokens'} · {elapsedText(now - Date.parse(generation.started_at ?? generation.created_at))}</span>
      <Button size="sm" variant="danger" pending={cancel.isPending} reason={refusal} aria-label={`Stop ${generation.model} for ${who}`} onClick={() => cancel.mutate()}><Square />Stop</Button>
    </li>
  )
}
