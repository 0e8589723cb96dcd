import { Badge, type Tone } from '@/components/badge'
import type { DocumentStatus } from '@/lib/api/types'

const LOOK: Record<DocumentStatus, { tone: Tone; word: string }> = {
  generating: { tone: 'murex', word: 'Writing' },
  ready: { tone: 'plain', word: 'Ready' },
  cancelled: { tone: 'ochre', word: 'Stopped' },
  interrupted: { tone: 'ochre', word: 'Interrupted' },
  failed: { tone: 'vermilion', word: 'Failed' },
}

/** The state of a document in one word. */
export function StatusBadge({ status }: { status: DocumentStatus }) {
  const { tone, word } = LOOK[status]
  return <Badge tone={tone}>{status === 'generating' && <span aria-hidden className="breathe size-1.5 rounded-full bg-murex" />}{word}</Badge>
}

export const statusWord = (status: DocumentStatus): string => LOOK[status].word
