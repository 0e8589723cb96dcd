import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '@/components/button'
import { LazyMarkdown } from '@/components/lazy-markdown'
import { Thinking } from '@/components/thinking'
import type { LiveDocument } from '@/features/documents/use-live-document'

/** Nearer to the end than this, the reader is taken to follow the text. */
const FOLLOW_PIXELS = 80

/** The text as rendered Markdown or as it is stored; it follows the writing until the reader scrolls away. */
export function DocumentText({ live, before }: { live: LiveDocument; before: ReactNode }) {
  const [source, setSource] = useState(false)
  const end = useRef<HTMLDivElement>(null)
  const { following, follow } = useFollow(end, live.writing, live.text.length)
  return (
    <section aria-label="Text" className="relative min-w-0 flex-1 bg-surface lg:min-h-0 lg:overflow-y-auto">
      <div className="mx-auto max-w-2xl px-5 py-8">
        <div className="mb-4 flex justify-end">
          <Button size="sm" variant="quiet" aria-pressed={source} onClick={() => setSource(!source)}>{source ? 'Read view' : 'Source'}</Button>
        </div>
        {before}
        <div aria-live="off" aria-busy={live.writing}>
          {live.thought !== '' && <Thinking text={live.thought} />}
          {live.text === '' && live.writing && <p className="text-ink-3">The model has the prompt. Its first words appear here.</p>}
          {source ? <pre data-testid="source" className="font-mono text-sm leading-relaxed whitespace-pre-wrap">{live.text}</pre> : <LazyMarkdown text={live.text} arriving={live.writing} />}
        </div>
        <div ref={end} className="h-4" />
      </div>
      {live.writing && !following && <Button variant="primary" className="sticky bottom-4 left-1/2 -translate-x-1/2 shadow-lift" onClick={follow}>Back to live</Button>}
    </section>
  )
}

/** How far the end of the text lies below what can be seen; negative while it is in sight or was scrolled past. */
function pixelsBelow(end: HTMLElement | null): number {
  const main = end?.closest('main')
  return end && main ? end.getBoundingClientRect().bottom - main.getBoundingClientRect().bottom : 0
}

/** Keep the newest line in sight while the reader is at the end; scrolling away from it ends the following. */
function useFollow(end: { current: HTMLElement | null }, writing: boolean, length: number) {
  const [following, setFollowing] = useState(true)
  // Synchronises the following with where the reader scrolled.
  useEffect(() => {
    if (!writing) return
    const main = end.current?.closest('main')
    const watch = () => setFollowing(pixelsBelow(end.current) < FOLLOW_PIXELS)
    main?.addEventListener('scroll', watch, { capture: true, passive: true })
    return () => main?.removeEventListener('scroll', watch, { capture: true })
  }, [end, writing])
  // Scrolls the browser to the text that has just arrived.
  useEffect(() => {
    if (writing && following && pixelsBelow(end.current) > 0) end.current?.scrollIntoView({ block: 'end' })
  }, [end, writing, following, length])
  return { following, follow: () => setFollowing(true) }
}
