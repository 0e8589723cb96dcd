import { Square, WandSparkles } from 'lucide-react'
import { useDeferredValue, useMemo } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { Button } from '@/components/button'
import { TextDiff } from '@/components/text-diff'
import { useRefusal } from '@/components/use-can'
import type { Choice, OptimizationState } from '@/features/prompts/use-optimization'
import { sentenceOf } from '@/lib/api/problem'
import { plural, wordCount } from '@/lib/format'
import { applyChanges, diffHunks } from '@/lib/word-diff'

interface OptimizePanelProps {
  project: string
  /** Lives above, so that it outlasts this panel. */
  state: OptimizationState
  template: string
  model: string | null
  /** The button that keeps the text even when no model answers. */
  keeps: string
  onTake: (template: string) => void
}

/** Optimize Prompt: a model's rewrite beside the text, taken or left as a whole or change by change. */
export function OptimizePanel({ project, state, template, model, keeps, onTake }: OptimizePanelProps) {
  const refusal = useRefusal(project, 'prompts.generate')
  const busy = state.phase === 'starting' || state.phase === 'writing' || state.phase === 'checking'
  const nothing = template.trim() === '' ? 'Write the prompt first.' : null
  const take = (text: string) => {
    onTake(text)
    state.reset()
  }
  return (
    <section aria-label="Optimize Prompt" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Button pending={state.phase === 'starting'} reason={refusal ?? nothing ?? (busy ? 'The model is writing.' : null)} onClick={() => state.start(template, model)}><WandSparkles />Optimize Prompt</Button>
        {state.phase === 'writing' && <Button onClick={state.stop}><Square />Stop</Button>}
        <span role="status" className="text-xs text-ink-2">{busy && (state.phase === 'checking' ? 'Checking that nothing was lost…' : 'Writing…')}</span>
        {state.simulated && state.phase !== 'idle' && <SimulatedBadge />}
      </div>
      {state.error !== null && state.error !== undefined && <p role="alert" className="text-xs text-vermilion">The prompt was not optimised. {sentenceOf(state.error)} Your text is untouched, and {keeps} still works.</p>}
      <Outcome state={state} template={template} onTake={take} />
    </section>
  )
}

function Outcome({ state, template, onTake }: { state: OptimizationState; template: string; onTake: (text: string) => void }) {
  const { phase, live, optimization } = state
  if (phase === 'idle' || phase === 'starting') return <p className="text-xs text-ink-3">A model proposes a clearer version. You see each change, and nothing changes until you keep it.</p>
  if (phase === 'writing' || phase === 'checking') {
    return <div className="max-h-96 overflow-y-auto border-l-2 border-murex pl-3 font-mono text-sm leading-relaxed whitespace-pre-wrap text-murex">{live.text || 'The model has the prompt and has not begun to write.'}</div>
  }
  if (phase === 'ready' && optimization?.text) return <Proposal template={template} text={optimization.text} choice={state.choice} onTake={onTake} onLeave={state.reset} />
  return (
    <div role="alert" className="border-l-2 border-vermilion pl-3 text-xs">
      <p>{phase === 'refused' ? refusalText(optimization?.lost ?? [], optimization?.added ?? []) : (optimization?.detail ?? 'The model did not finish.')} Your text is untouched.</p>
      <Button size="sm" className="mt-2" onClick={state.reset}>Dismiss</Button>
    </div>
  )
}

function refusalText(lost: readonly string[], added: readonly string[]): string {
  const parts = [lost.length > 0 ? `lost ${lost.join(', ')}` : '', added.length > 0 ? `made up ${added.join(', ')}` : ''].filter(Boolean)
  return `The rewrite ${parts.join(' and ')}, so it must not be used. Try again.`
}

interface ProposalProps {
  template: string
  text: string
  choice: Choice
  onTake: (text: string) => void
  onLeave: () => void
}

function Proposal({ template: newest, text, choice, onTake, onLeave }: ProposalProps) {
  // Who goes on typing is not kept waiting by the comparison.
  const template = useDeferredValue(newest)
  const hunks = useMemo(() => diffHunks(template, text), [template, text])
  const undone = choice.undoneIn(template)
  const changes = hunks.filter(({ kind }) => kind === 'change').length
  const kept = (change: number) => !undone.has(change)
  if (changes === 0) return <p className="text-xs text-ink-2">The model would not change a word. <Button size="sm" onClick={onLeave}>Dismiss</Button></p>
  return (
    <div className="flex min-h-0 flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2 text-xs text-ink-2">
        <span>{plural(changes, 'change')}, {plural(wordCount(text), 'word')}</span>
      </div>
      <div className="max-h-96 overflow-y-auto border-l-2 border-murex pl-3"><TextDiff label="Proposed changes" before={template} after={text} choice={{ kept, onToggle: (change) => choice.toggle(template, change) }} /></div>
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" reason={undone.size === changes ? 'Every change is undone: there is nothing to keep.' : null} onClick={() => onTake(applyChanges(hunks, kept))}>{undone.size === 0 ? 'Keep all' : `Keep ${changes - undone.size} of ${changes}`}</Button>
        <Button onClick={onLeave}>Leave it</Button>
      </div>
    </div>
  )
}
