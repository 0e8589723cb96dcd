import type { QueryClient } from '@tanstack/react-query'
import { type Change, followProject, type ProjectNews } from '@/lib/project-stream'

/** Facts come in bursts (a generation tells three): one refetch is enough for them. */
const GATHER_MILLISECONDS = 150
/** Sums of money are dear to add up, and nobody reads them faster than this. */
const SLOWLY_MILLISECONDS = 3_000
/** Without a stream for a minute the pages ask by themselves, every half minute. */
const BLIND_MILLISECONDS = 60_000
const POLL_MILLISECONDS = 30_000

const LISTS: Record<string, string> = { prompt: 'prompt', prompt_version: 'prompt', label: 'prompt', snippet: 'snippet', document: 'document', optimization: 'optimization' }
/** What is read as one small whole: any change of these makes all of it stale. */
const WHOLES: Record<string, readonly string[]> = {
  connection: ['connection', 'model'],
  custom_model: ['model'],
  alias: ['model'],
  settings: ['gateway-settings'],
  budget: ['budget'],
  limit: ['limit'],
  api_key: ['key'],
  generation: ['running', 'budget', 'usage'],
}
const SLOW: ReadonlySet<unknown> = new Set(['budget', 'usage'])

/** Which cached answers a change makes stale. */
export function staleKeys(project: string, change: Change): unknown[][] {
  const wholes = WHOLES[change.entity]
  if (wholes) return wholes.map((whole) => [project, whole])
  const entity = LISTS[change.entity]
  if (!entity) return []
  // Snippets are read by name, and every check of a text mentions them: all of them are few and small.
  if (entity === 'snippet') return [[project, 'snippet']]
  return [[project, entity, 'list'], [project, entity, change.id]]
}

/** Keep a query cache in step with what happens in a project, until the returned function is called. */
export function startLiveUpdates(client: QueryClient, project: string): () => void {
  return new LiveUpdates(client, project).start()
}

class LiveUpdates {
  private readonly soon = new Gathering((queryKey) => this.refresh(queryKey), GATHER_MILLISECONDS)
  private readonly slowly = new Gathering((queryKey) => this.refresh(queryKey), SLOWLY_MILLISECONDS)
  private blind: ReturnType<typeof setTimeout> | undefined
  private poll: ReturnType<typeof setInterval> | undefined

  constructor(private readonly client: QueryClient, private readonly project: string) {}

  start(): () => void {
    const close = followProject(this.project, this.take)
    return () => {
      close()
      this.stop()
    }
  }

  private readonly take = (news: ProjectNews): void => {
    if (news.kind === 'change') for (const key of staleKeys(this.project, news.change)) (SLOW.has(key[1]) ? this.slowly : this.soon).add(key)
    if (news.kind === 'hello') this.refreshAll()
    if (news.kind === 'connection') this.watch(news.connection === 'live')
  }

  private stop(): void {
    this.soon.stop()
    this.slowly.stop()
    clearTimeout(this.blind)
    clearInterval(this.poll)
  }

  private refresh(queryKey: unknown[]): void {
    void this.client.invalidateQueries({ queryKey })
  }

  /** Even what was read a moment ago may have missed a change that came before the stream did. */
  private refreshAll(): void {
    this.refresh([this.project])
  }

  private watch(live: boolean): void {
    clearTimeout(this.blind)
    if (live) {
      clearInterval(this.poll)
      this.poll = undefined
    } else this.blind = setTimeout(() => (this.poll ??= setInterval(() => this.refreshAll(), POLL_MILLISECONDS)), BLIND_MILLISECONDS)
  }
}

/** Keys that are refreshed together, a while after the first of them came. */
class Gathering {
  private readonly waiting = new Map<string, unknown[]>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly refresh: (key: unknown[]) => void, private readonly milliseconds: number) {}

  add(key: unknown[]): void {
    this.waiting.set(JSON.stringify(key), key)
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      for (const each of this.waiting.values()) this.refresh(each)
      this.waiting.clear()
    }, this.milliseconds)
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
