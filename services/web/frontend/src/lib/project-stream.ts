import { callHeaders } from '@/lib/api/client'
import { reportSignedOut } from '@/lib/signed-out'
import { type Connection, openStream } from '@/lib/sse'

/** Something of the project changed: fetch it again. */
export interface Change {
  entity: string
  id: string
  action: string
}

export type ProjectNews = { kind: 'hello' } | { kind: 'change'; change: Change } | { kind: 'connection'; connection: Connection }

/**
 * Hear what changes in a project over one stream per browser.
 *
 * The tabs elect a leader with a Web Lock; it reads the stream and passes everything on over a BroadcastChannel.
 * When the leader's tab closes, its lock falls to the next one. Without Web Locks each tab reads for itself.
 */
export function followProject(project: string, onNews: (news: ProjectNews) => void): () => void {
  const name = `scriptorium.project.${project}`
  const stopped = new AbortController()
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name)
  channel?.addEventListener('message', ({ data }: MessageEvent<ProjectNews>) => onNews(data))
  const tell = (news: ProjectNews) => {
    onNews(news)
    channel?.postMessage(news)
  }
  const lead = () => leadUntil(project, tell, stopped.signal)
  if (navigator.locks) {
    navigator.locks.request(name, { signal: stopped.signal }, lead).catch(ignoreAbort)
    void greetIfLed(name, () => onNews({ kind: 'hello' }))
  } else void lead()
  return () => {
    stopped.abort()
    channel?.close()
  }
}

/** Another tab's stream said its hello before this one listened: what was read until now may be old. */
async function greetIfLed(name: string, greet: () => void): Promise<void> {
  const { held, pending } = await navigator.locks.query()
  if (held?.some((lock) => lock.name === name) && pending?.some((lock) => lock.name === name)) greet()
}

function leadUntil(project: string, tell: (news: ProjectNews) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const close = openStream({
      url: '/api/stream',
      headers: callHeaders(project, 'GET'),
      onConnection: (connection) => tell({ kind: 'connection', connection }),
      onSignedOut: reportSignedOut,
      onEvent: (event) => {
        if (event.event === 'hello') tell({ kind: 'hello' })
        if (event.event === 'change') tell({ kind: 'change', change: JSON.parse(event.data) as Change })
      },
    })
    signal.addEventListener('abort', () => {
      close()
      resolve()
    })
  })
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof DOMException && error.name === 'AbortError')) throw error
}
