/** Six connections are all a browser gives a host over HTTP/1.1: a tab that nobody looks at gives its own back. */
const HIDDEN_MILLISECONDS = 30_000

/** Call `open` now and whenever the tab is looked at again, `close` once it was hidden for 30 s. Returns the end of it, which closes. */
export function whileVisible(open: () => void, close: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const follow = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') timer = setTimeout(close, HIDDEN_MILLISECONDS)
    else open()
  }
  document.addEventListener('visibilitychange', follow)
  open()
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', follow)
    close()
  }
}
