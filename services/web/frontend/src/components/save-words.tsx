import { Button } from '@/components/button'
import type { SaveState } from '@/lib/autosave'

const WORDS: Record<SaveState, string> = {
  saved: 'Saved',
  saving: 'Saving…',
  unsaved: 'Unsaved changes',
  offline: 'Offline, kept on this device',
  failed: 'Not saved',
  conflict: 'Changed by somebody else',
}

interface SaveWordsProps {
  state: SaveState
  error: string | null
  onRetry: () => void
}

/** Where the text stands, in the same words everywhere; only trouble is read out. */
export function SaveWords({ state, error, onRetry }: SaveWordsProps) {
  const trouble = state === 'offline' || state === 'failed' || state === 'conflict'
  return (
    <span className="inline-flex items-center gap-2">
      <span className={trouble ? 'text-vermilion' : ''}>{WORDS[state]}{state === 'failed' && error && `: ${error}`}</span>
      <span role="status" className="sr-only">{trouble ? WORDS[state] : ''}</span>
      {(state === 'failed' || state === 'offline') && <Button size="sm" onClick={onRetry}>Try again</Button>}
    </span>
  )
}
