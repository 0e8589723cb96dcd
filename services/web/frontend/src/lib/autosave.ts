/** The five states of saving, as the header words them. */
export type SaveState = 'saved' | 'saving' | 'unsaved' | 'offline' | 'failed' | 'conflict'

export interface AutosaveOptions<T> {
  /** Resolves when the server has the value. Rejections are sorted by `onError`. */
  save: (value: T) => Promise<void>
  onState: (state: SaveState) => void
  /** Say what a failed save means; `conflict` stops saving until `resume`. */
  onError: (error: unknown) => 'offline' | 'failed' | 'conflict'
  debounceMilliseconds?: number
  longestMilliseconds?: number
}

/**
 * Saves the newest value a little after the last change, and never later than `longestMilliseconds` after the first
 * unsaved one. One save runs at a time; what changes meanwhile is saved next.
 */
export class Autosave<T> {
  private pending: { value: T } | null = null
  private since = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private running: Promise<void> | null = null
  private stopped = false

  constructor(private readonly options: AutosaveOptions<T>) {}

  change(value: T): void {
    if (!this.pending) this.since = Date.now()
    this.pending = { value }
    if (this.stopped) return
    this.options.onState('unsaved')
    this.schedule()
  }

  /** Save what is unsaved now; resolves when nothing is left or a save failed. */
  async flush(): Promise<void> {
    clearTimeout(this.timer)
    await this.running
    if (this.pending && !this.stopped) await this.run()
  }

  /** Go on after a conflict was settled, with nothing unsaved. */
  resume(): void {
    this.stopped = false
    this.pending = null
    this.options.onState('saved')
  }

  dispose(): void {
    clearTimeout(this.timer)
    this.stopped = true
  }

  get unsaved(): T | null {
    return this.pending?.value ?? null
  }

  private schedule(): void {
    clearTimeout(this.timer)
    if (this.running) return
    const debounce = this.options.debounceMilliseconds ?? 1_500
    const latest = this.since + (this.options.longestMilliseconds ?? 10_000) - Date.now()
    this.timer = setTimeout(() => void this.run(), Math.max(0, Math.min(debounce, latest)))
  }

  private run(): Promise<void> {
    this.running = this.saveOnce().finally(() => {
      this.running = null
    })
    return this.running
  }

  private async saveOnce(): Promise<void> {
    const taken = this.pending
    if (!taken) return
    this.pending = null
    this.options.onState('saving')
    try {
      await this.options.save(taken.value)
    } catch (error) {
      this.pending ??= taken
      return this.fail(error)
    }
    if (!this.pending) return this.options.onState('saved')
    this.options.onState('unsaved')
    setTimeout(() => this.schedule())
  }

  private fail(error: unknown): void {
    const state = this.options.onError(error)
    this.stopped = this.stopped || state === 'conflict'
    this.options.onState(state)
  }
}
