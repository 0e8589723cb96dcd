import { SimulatedBadge } from '@/components/badge'
import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { LazyMarkdown } from '@/components/lazy-markdown'
import { Thinking } from '@/components/thinking'
import type { Run } from '@/features/playground/use-run'
import { sentenceOf } from '@/lib/api/problem'
import { countText, elapsedText, moneyText } from '@/lib/format'
import { useClock } from '@/lib/use-clock'

/** What a model answers, as it arrives, with what it took. */
export function Answer({ run, label }: { run: Run; label: string }) {
  const { live, error } = run
  return (
    <section aria-label={label} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-2">
        {run.simulated && <SimulatedBadge />}
        {run.id && <Took run={run} />}
        {!run.writing && live.text !== '' && <span className="ml-auto"><CopyButton size="sm" variant="quiet" text={live.text} label="Copy" /></span>}
      </div>
      <div className="min-h-40 flex-1 py-2" data-testid="answer">
        {live.text === '' && !run.id && !error && <p className="text-sm text-ink-3">The answer appears here.</p>}
        {live.thought !== '' && <Thinking text={live.thought} />}
        {live.text !== '' && <LazyMarkdown text={live.text} arriving={run.writing} />}
        {error ? <p role="alert" className="border-l-2 border-vermilion py-1 pl-3 text-sm">Not asked. {sentenceOf(error)}</p> : null}
        {live.generation?.detail && <p role="alert" className="mt-2 border-l-2 border-vermilion py-1 pl-3 text-sm">{live.generation.detail}</p>}
        {live.connection === 'failed' && <p className="text-sm text-vermilion">The connection was lost. <Button size="sm" onClick={live.reopen}>Go on reading</Button></p>}
      </div>
    </section>
  )
}

const WORDS: Record<string, string> = { queued: 'Waiting for the model…', running: 'Writing…', completed: 'Finished', failed: 'Failed', cancelled: 'Stopped', interrupted: 'Interrupted' }

function Took({ run: { live, writing, startedAt, model } }: { run: Run }) {
  const now = useClock(writing)
  const usage = live.generation?.usage
  const cut = live.generation?.finish_reason === 'length' ? ', cut at the longest answer' : ''
  const took = duration(live.generation?.started_at, live.generation?.finished_at) ?? now - startedAt
  return (
    <>
      <span role="status">{WORDS[live.status]}{cut}</span>
      {model && <span className="font-mono break-all">{model}</span>}
      <span className="tabular">{elapsedText(took)}</span>
      {usage && <span className="tabular">{countText(usage.input_tokens ?? 0)} tokens in</span>}
      {live.outputTokens > 0 && <span className="tabular">{live.estimated && '≈ '}{countText(live.outputTokens)} tokens out</span>}
      {(live.costUsd !== null || usage) && <span className="tabular">{live.estimated && live.costUsd !== null && '≈ '}{moneyText(live.costUsd)}</span>}
    </>
  )
}

function duration(from: string | null | undefined, until: string | null | undefined): number | null {
  return from && until ? Date.parse(until) - Date.parse(from) : null
}
