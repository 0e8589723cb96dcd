import { callHeaders } from '@/lib/api/client'
import type { Generation, GenerationStatus } from '@/lib/api/types'
import { reportSignedOut } from '@/lib/signed-out'
import { type Connection, openStream } from '@/lib/sse'
import { whileVisible } from '@/lib/visibility'

/** A generation as it arrives. `text` is all of the answer that was committed so far; `thought` what came before it. */
export interface LiveGeneration {
  text: string
  thought: string
  lastSegment: number
  connection: Connection
  status: GenerationStatus
  outputTokens: number
  costUsd: string | null
  estimated: boolean
  /** The final state, once the stream told it. */
  generation: Generation | null
}

/** One committed piece; a gateway that is older than its kinds sends answers only. */
interface Segment {
  number: number
  text: string
  kind?: 'text' | 'think' | 'draft'
}

interface Progress {
  status: GenerationStatus
  output_tokens: number
  cost_usd: string | null
  estimated: boolean
}

export const NOTHING_YET: LiveGeneration = {
  text: '', thought: '', lastSegment: 0, connection: 'connecting', status: 'queued', outputTokens: 0, costUsd: null, estimated: true, generation: null,
}

/** Ten paints a second: fast enough to read along, slow enough that Markdown never falls behind. */
const PAINT_MILLISECONDS = 100
/** A gap means that the line dropped something: read again from the last good segment, but never in a tight loop. */
const GAP_MILLISECONDS = 500

/** Follows one generation for any number of readers; a segment seen twice is dropped, a missing one reconnects. */
export class GenerationFollower {
  private state = NOTHING_YET
  private painted = NOTHING_YET
  private readonly listeners = new Set<() => void>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private close: (() => void) | null = null
  private unwatch: (() => void) | null = null

  constructor(private readonly project: string, private readonly generationId: string) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    this.unwatch ??= whileVisible(() => this.open(), () => this.stop())
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size > 0) return
      this.unwatch?.()
      this.unwatch = null
    }
  }

  readonly snapshot = (): LiveGeneration => this.painted

  /** Connect again after the stream gave up or a gap was seen; what is on screen stays. */
  readonly reopen = (): void => {
    this.stop()
    if (this.listeners.size > 0) this.open()
  }

  private reopenSoon(): void {
    this.stop()
    setTimeout(this.reopen, GAP_MILLISECONDS)
  }

  private open(): void {
    if (this.state.generation || this.close) return
    const after = this.state.lastSegment
    this.close = openStream({
      url: `/api/generations/${encodeURIComponent(this.generationId)}/events?after=${after}`,
      headers: callHeaders(this.project, 'GET'),
      lastEventId: after > 0 ? String(after) : '',
      finalEvents: ['end'],
      mayBeLate: true,
      onSignedOut: reportSignedOut,
      onConnection: (connection) => this.change({ connection }, true),
      onEvent: (event) => this.take(event.event ?? '', event.data),
    })
  }

  private stop(): void {
    this.close?.()
    this.close = null
  }

  private take(kind: string, data: string): void {
    if (kind === 'segment') this.append(JSON.parse(data) as Segment)
    if (kind === 'progress') this.progress(JSON.parse(data) as Progress)
    if (kind === 'end') this.end(JSON.parse(data) as Generation)
  }

  private append({ number, text, kind }: Segment): void {
    if (number <= this.state.lastSegment) return
    if (number > this.state.lastSegment + 1) return this.reopenSoon()
    this.change({ ...this.grown(text, kind), lastSegment: number, status: 'running' })
  }

  /** A draft is for programs: people see the answer once it was checked. */
  private grown(text: string, kind: Segment['kind']): Partial<LiveGeneration> {
    if (kind === 'think') return { thought: this.state.thought + text }
    return kind === 'draft' ? {} : { text: this.state.text + text }
  }

  private progress(progress: Progress): void {
    this.change({ status: progress.status, outputTokens: progress.output_tokens, costUsd: progress.cost_usd, estimated: progress.estimated })
  }

  private end(generation: Generation): void {
    if (generation.last_segment > this.state.lastSegment) return this.reopenSoon()
    const { status, usage } = generation
    this.change({ status, generation, outputTokens: usage.output_tokens ?? 0, costUsd: usage.cost_usd ?? null, estimated: usage.estimated ?? true }, true)
  }

  private change(part: Partial<LiveGeneration>, atOnce = false): void {
    this.state = { ...this.state, ...part }
    if (atOnce) return this.paint()
    this.timer ??= setTimeout(() => this.paint(), PAINT_MILLISECONDS)
  }

  private paint(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.painted = this.state
    for (const listener of this.listeners) listener()
  }
}
