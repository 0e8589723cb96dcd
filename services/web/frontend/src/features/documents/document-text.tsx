import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '@/components/button'
import { LazyMarkdown } from '@/components/lazy-markdown'
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
          {live.text === '' && live.writing && <p className="text-ink-3">The model has the prompt. Its first words appear here.</p>}
          {source ? <pre data-testid="source" className="font-mono text-sm leading-relaxed whitespace-pre-wrap">{live.text}</pre> : <LazyMarkdown text={live.text} arriving={live.writing} />}
        </div>
        <div ref={end} />
      </div>
      {live.writing && !following && <Button variant="primary" className="sticky bottom-4 left-1/2 -translate-x-1/2 shadow-lift" onClick={follow}>Back to live</Button>}
    </section>
  )
}

function scroller(element: HTMLElement | null): HTMLElement | null {
  const section = element?.closest('section') ?? null
  return section && section.scrollHeight > section.clientHeight + 1 && getComputedStyle(section).overflowY === 'auto' ? section : (element?.closest('main') ?? null)
}

/** Keep the newest line in sight while the reader is at the end; a wheel or key that leaves it ends the following. */
function useFollow(end: { current: HTMLElement | null }, writing: boolean, length: number) {
  const [following, setFollowing] = useState(true)
  // Synchronises the following with where the reader scrolled.
  useEffect(() => {
    if (!writing) return
    const main = end.current?.closest('main')
    const watch = () => {
      const box = scroller(end.current)
      if (box) setFollowing(box.scrollHeight - box.scrollTop - box.clientHeight < FOLLOW_PIXELS)
    }
    main?.addEventListener('scroll', watch, { capture: true, passive: true })
    return () => main?.removeEventListener('scroll', watch, { capture: true })
  }, [end, writing])
  // Scrolls the browser to the text that has just arrived.
  useEffect(() => {
    const box = scroller(end.current)
    if (writing && following && box) box.scrollTop = box.scrollHeight
  }, [end, writing, following, length])
  return { following, follow: () => setFollowing(true) }
}
