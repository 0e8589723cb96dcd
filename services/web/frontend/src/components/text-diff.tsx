import { clsx } from 'clsx'
import { useMemo, useState } from 'react'
import { Button } from '@/components/button'
import { type DiffChange, type DiffHunk, diffHunks } from '@/lib/word-diff'

interface TextDiffProps {
  before: string
  after: string
  label: string
  /** With it, each change can be kept or undone by itself; called with the change's number from 0. */
  choice?: { kept: (change: number) => boolean; onToggle: (change: number) => void }
}

/** Two texts in one, by words: what goes is struck, what comes is underlined, never by colour alone. */
export function TextDiff({ before, after, label, choice }: TextDiffProps) {
  const hunks = useMemo(() => numbered(diffHunks(before, after)), [before, after])
  const folds = hunks.some(({ hunk }) => hunk.kind === 'change')
  return (
    // Scrolls by itself, so it must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={label} tabIndex={0} className="font-mono text-sm leading-relaxed break-words whitespace-pre-wrap">
      {hunks.map(({ hunk, change, at }) =>
        hunk.kind === 'same' ? <Same key={at} text={hunk.text} folds={folds} /> : <Change key={at} hunk={hunk} change={change} choice={choice} />,
      )}
    </div>
  )
}

/** Lines that stay around a change when the rest of an unchanged stretch is folded away. */
const CONTEXT_LINES = 4
const FOLD_FROM_LINES = 14

function Same({ text, folds }: { text: string; folds: boolean }) {
  const [open, setOpen] = useState(false)
  const lines = text.split('\n')
  if (!folds || open || lines.length < FOLD_FROM_LINES) return text
  const hidden = lines.length - 2 * CONTEXT_LINES
  return (
    <>
      {lines.slice(0, CONTEXT_LINES).join('\n')}
      <Button size="sm" variant="quiet" className="my-1 flex w-full font-sans" onClick={() => setOpen(true)}>Show {hidden} unchanged lines</Button>
      {lines.slice(-CONTEXT_LINES).join('\n')}
    </>
  )
}

function Change({ hunk, change, choice }: { hunk: DiffChange; change: number; choice: TextDiffProps['choice'] }) {
  const kept = choice?.kept(change) ?? true
  return (
    <span>
      {hunk.removed && <del className={clsx('bg-vermilion-wash text-vermilion decoration-1', !kept && 'bg-transparent text-ink no-underline')}>{hunk.removed}</del>}
      {hunk.added && <ins className={clsx('bg-murex-wash text-murex decoration-1 underline-offset-2', !kept && 'bg-transparent text-ink-3 line-through opacity-60')}>{hunk.added}</ins>}
      {choice && (
        <Button size="sm" variant={kept ? 'outline' : 'murex'} className="mx-1 !h-6 font-sans" aria-label={`${kept ? 'Undo' : 'Keep'} change ${change + 1}`} onClick={() => choice.onToggle(change)}>
          {kept ? 'Undo' : 'Keep'}
        </Button>
      )}
    </span>
  )
}

function numbered(hunks: DiffHunk[]): { hunk: DiffHunk; change: number; at: number }[] {
  let change = -1
  let at = 0
  return hunks.map((hunk) => {
    if (hunk.kind === 'change') change += 1
    at += 1
    return { hunk, change, at }
  })
}
