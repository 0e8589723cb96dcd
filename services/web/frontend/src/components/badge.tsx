import { clsx } from 'clsx'
import { Sparkles } from 'lucide-react'
import type { ReactNode } from 'react'
import { Tooltip } from '@/components/tooltip'

const TONE = {
  plain: 'bg-sunken text-ink-2',
  lapis: 'bg-lapis-wash text-lapis',
  verdigris: 'bg-verdigris-wash text-verdigris',
  ochre: 'bg-ochre-wash text-ochre',
  vermilion: 'bg-vermilion-wash text-vermilion',
  murex: 'bg-murex-wash text-murex',
}

export type Tone = keyof typeof TONE

/** A word with a pigment that means the same everywhere. */
export function Badge({ tone = 'plain', className, children }: { tone?: Tone; className?: string; children: ReactNode }) {
  return <span className={clsx('inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-2xs font-medium whitespace-nowrap', TONE[tone], className)}>{children}</span>
}

const SIMULATED = 'A built-in simulator answered instead of a paid model. Set a provider key on the server to use a real one.'

/** Said wherever an answer of the simulator is shown. */
export function SimulatedBadge({ className }: { className?: string }) {
  return (
    <Tooltip text={SIMULATED}>
      {/* Focusable, so that the explanation is there for the keyboard too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <span tabIndex={0} className={clsx('inline-flex rounded', className)}>
        <Badge tone="ochre"><Sparkles className="size-3" aria-hidden />Simulated model</Badge>
      </span>
    </Tooltip>
  )
}
