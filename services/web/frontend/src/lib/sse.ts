import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** What a stream's connection is doing; the words on screen are made from it. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'failed'

export interface StreamOptions {
  url: string
  headers?: Record<string, string>
  /** Sent as Last-Event-ID by the first connection too, when not empty. */
  lastEventId?: string
  onEvent: (event: EventSourceMessage) => void
  onConnection: (connection: Connection) => void
  /** The server no longer knows the session: the stream has stopped; start a new one after signing in. */
  onSignedOut?: () => void
  /** What is streamed may be on its way still: 404 means later, not never. */
  mayBeLate?: boolean
  /** Names of events after which nothing follows. */
  finalEvents?: readonly string[]
  fetch?: typeof fetch
  random?: () => number
}

export const BACKOFF_MILLISECONDS = [500, 1_000, 2_000, 4_000, 8_000, 15_000] as const
/** The server pings every 15 s: two missed pings and some slack mean that the line is dead. */
export const SILENCE_MILLISECONDS = 40_000

class Refused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`The stream was refused with status ${status}.`)
    this.status = status
  }
}

/** Wait before attempt `failures + 1`: the step of the ladder, shortened at random by up to a half so that clients spread out. */
export function backoffMilliseconds(failures: number, random: number): number {
  const step = BACKOFF_MILLISECONDS[Math.min(failures, BACKOFF_MILLISECONDS.length) - 1] ?? BACKOFF_MILLISECONDS[0]
  return step * (1 - random / 2)
}

/**
 * Read server-sent events until a final one arrives or the returned function is called.
 *
 * A drop, 40 s of silence or a busy server lead to a reconnect with the last id seen; 204, a final event, 401 and
 * other 4xx answers (except 408, 429 and a 404 of what may be late) end the stream.
 */
export function openStream(options: StreamOptions): () => void {
  const stream = new EventStream(options)
  void stream.run()
  return () => stream.close()
}

class EventStream {
  private readonly closing = new AbortController()
  private lastEventId: string
  private failures = 0
  private ended = false

  constructor(private readonly options: StreamOptions) {
    this.lastEventId = options.lastEventId ?? ''
  }

  close(): void {
    this.closing.abort()
  }

  async run(): Promise<void> {
    this.options.onConnection('connecting')
    while (!this.closing.signal.aborted && !this.ended) {
      // Each turn is one connection; the next one needs what this one learnt.
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await this.connect().catch((error: unknown) => error)
      if (this.closing.signal.aborted || this.settled(outcome)) return
      this.failures += 1
      this.options.onConnection('reconnecting')
      // oxlint-disable-next-line no-await-in-loop
      await this.pause(backoffMilliseconds(this.failures, (this.options.random ?? Math.random)()))
    }
  }

  private settled(outcome: unknown): boolean {
    if (this.ended) {
      this.options.onConnection('ended')
      return true
    }
    if (!(outcome instanceof Refused) || this.isPassing(outcome.status)) return false
    this.options.onConnection('failed')
    if (outcome.status === 401) this.options.onSignedOut?.()
    return true
  }

  private isPassing(status: number): boolean {
    return status >= 500 || status === 408 || status === 429 || (status === 404 && this.options.mayBeLate === true)
  }

  private async connect(): Promise<void> {
    const attempt = new AbortController()
    const stop = () => attempt.abort()
    this.closing.signal.addEventListener('abort', stop)
    const watchdog = new Watchdog(stop)
    try {
      const response = await (this.options.fetch ?? fetch)(this.options.url, { headers: this.headers(), signal: attempt.signal, cache: 'no-store' })
      if (response.status === 204) this.ended = true
      else if (response.ok && response.body) await this.read(response.body, watchdog)
      else throw new Refused(response.status)
    } finally {
      watchdog.stop()
      this.closing.signal.removeEventListener('abort', stop)
      attempt.abort()
    }
  }

  private headers(): Record<string, string> {
    return { Accept: 'text/event-stream', ...this.options.headers, ...(this.lastEventId ? { 'Last-Event-ID': this.lastEventId } : {}) }
  }

  private async read(body: ReadableStream<Uint8Array>, watchdog: Watchdog): Promise<void> {
    this.options.onConnection('live')
    const parser = createParser({ onEvent: (event) => this.take(event) })
    const decoder = new TextDecoder()
    const reader = body.getReader()
    while (!this.ended) {
      watchdog.feed()
      // oxlint-disable-next-line no-await-in-loop
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
    }
  }

  private take(event: EventSourceMessage): void {
    if (this.ended || this.closing.signal.aborted) return
    this.failures = 0
    if (event.id) this.lastEventId = event.id
    this.ended = this.options.finalEvents?.includes(event.event ?? 'message') ?? false
    this.options.onEvent(event)
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      const wake = () => {
        clearTimeout(timer)
        resolve()
      }
      this.closing.signal.addEventListener('abort', wake, { once: true })
    })
  }
}

class Watchdog {
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly bark: () => void) {
    this.feed()
  }

  feed(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(this.bark, SILENCE_MILLISECONDS)
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
