import { useEffect } from 'react'

const GAP_PIXELS = 6
const EDGE_PIXELS = 8

/** Put an element above its anchor, or below where there is no room, and never over the edge of the window. */
export function placeBeside(element: HTMLElement | null, anchor: DOMRect): void {
  if (!element) return
  const { width, height } = element.getBoundingClientRect()
  const above = anchor.top - height - GAP_PIXELS
  const left = anchor.left + anchor.width / 2 - width / 2
  element.style.top = `${above < EDGE_PIXELS ? anchor.bottom + GAP_PIXELS : above}px`
  element.style.left = `${Math.max(EDGE_PIXELS, Math.min(left, window.innerWidth - width - EDGE_PIXELS))}px`
}

/** Close on Escape, and when the page moves away under the words. */
export function useDismissal(open: boolean, close: () => void): void {
  // Listens to the window while the words are on screen.
  useEffect(() => {
    if (!open) return
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && close()
    window.addEventListener('keydown', onKey)
    window.addEventListener('scroll', close, { capture: true, passive: true })
    return () => {
      window.removeEventListener('keydown', onKey)
      window.removeEventListener('scroll', close, { capture: true })
    }
  })
}
