import { useEffect, useState } from 'react'
import { Button } from '@/components/button'
import type { LiveDocument } from '@/features/documents/use-live-document'
import { countText, elapsedText, moneyText, plural, wordCount } from '@/lib/format'
import type { Connection } from '@/lib/sse'
import { useClock } from '@/lib/use-clock'

const WORDS: Record<Connection, string> = { connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…', ended: 'Up to date', failed: 'Connection lost' }
/** A line that is open and brings nothing for this long is not what people call live. */
const SILENT_MILLISECONDS = 5_000
/** Screen readers hear of progress at this pace. */
const SPOKEN_MILLISECONDS = 15_000

/** Connection, time, tokens and money so far, and the same in words for screen readers. */
export function WritingStatus({ live, startedAt }: { live: LiveDocument; startedAt: string }) {
  const now = useClock(live.writing)
  const words = wordCount(live.text)
  const silentFor = now - useLastChange(live.text.length, now)
  return (
    <>
      {live.connection && <ConnectionWord connection={live.connection} silent={live.writing && silentFor > SILENT_MILLISECONDS} onRetry={live.reopen} />}
      {live.writing && <span className="tabular">{elapsedText(now - Date.parse(startedAt))}</span>}
      {words > 0 && <span className="tabular">{plural(words, 'word')}</span>}
      {live.outputTokens !== null && live.outputTokens > 0 && <span className="tabular">{live.estimated && '≈ '}{countText(live.outputTokens)} tokens</span>}
      {live.costUsd !== null && <span className="tabular">{live.estimated && '≈ '}{moneyText(live.costUsd)}</span>}
      <SpokenProgress live={live} words={words} />
    </>
  )
}

function ConnectionWord({ connection, silent, onRetry }: { connection: Connection; silent: boolean; onRetry: () => void }) {
  if (connection === 'live' && silent) return <span data-testid="connection">Waiting for the model…</span>
  return (
    <span className={connection === 'live' ? 'text-verdigris' : connection === 'failed' ? 'text-vermilion' : ''} data-testid="connection">
      {WORDS[connection]}
      {connection === 'failed' && <Button size="sm" className="ml-2" onClick={onRetry}>Retry</Button>}
    </span>
  )
}

function SpokenProgress({ live, words }: { live: LiveDocument; words: number }) {
  const [spoken, setSpoken] = useState('')
  const said = live.writing ? (words === 0 ? 'Writing' : plural(words, 'word')) : live.connection ? `${live.status === 'ready' ? 'Finished' : 'Stopped'}, ${plural(words, 'word')}` : ''
  // Speaks at its own pace: a live region that follows every word would never be silent.
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(said), live.writing && spoken !== '' ? SPOKEN_MILLISECONDS : 0)
    return () => clearTimeout(timer)
    // Only a new beginning or the end may start the pause again.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [live.writing, spoken])
  return <span role="status" className="sr-only">{spoken}</span>
}

/** When the value changed last, or the page was opened. */
function useLastChange(value: number, now: number): number {
  const [last, setLast] = useState({ value, at: now })
  if (last.value !== value) setLast({ value, at: now })
  return last.at
}
