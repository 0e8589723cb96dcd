// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GenerationFollower } from '@/lib/generation-stream'
import { event, type Script, streamServer } from './streams'

const end = (lastSegment: number, status = 'completed') => event('end', { status, last_segment: lastSegment, detail: null, usage: { output_tokens: 9, cost_usd: '0.01', estimated: false } })
const segment = (number: number, text: string) => event('segment', { number, text }, number)

function follow(scripts: Script[]) {
  const { fetch, requests } = streamServer(scripts)
  vi.stubGlobal('fetch', fetch)
  const follower = new GenerationFollower('mara', 'ge_1')
  const stop = follower.subscribe(() => {})
  return { follower, requests, stop }
}

describe('GenerationFollower', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(0)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  test('puts segments together and tells the end', async () => {
    const { follower } = follow([{ body: segment(1, 'The ') + segment(2, 'ferry') + end(2) }])
    await vi.advanceTimersByTimeAsync(0)
    expect(follower.snapshot()).toMatchObject({ text: 'The ferry', lastSegment: 2, status: 'completed', outputTokens: 9, costUsd: '0.01', estimated: false, connection: 'ended' })
  })

  test('keeps thoughts apart from the answer and shows no draft', async () => {
    const kinds = ['think', 'draft', 'text'].map((kind, index) => event('segment', { number: index + 1, text: kind, kind }, index + 1))
    const { follower } = follow([{ body: kinds.join('') + end(3) }])
    await vi.advanceTimersByTimeAsync(0)
    expect(follower.snapshot()).toMatchObject({ text: 'text', thought: 'think', lastSegment: 3 })
  })

  test('drops what it has seen after a drop of the line, and misses nothing', async () => {
    const { follower, requests } = follow([{ body: segment(1, 'a') + segment(2, 'b') }, { body: segment(2, 'b') + segment(3, 'c') + end(3) }])
    await vi.advanceTimersByTimeAsync(600)
    expect(follower.snapshot().text).toBe('abc')
    expect(requests[1]?.headers.get('last-event-id')).toBe('2')
  })

  test('reads again from the last good segment when one is missing', async () => {
    const { follower, requests } = follow([{ body: segment(1, 'a') + segment(3, 'c'), open: true }, { body: segment(2, 'b') + segment(3, 'c') + end(3) }])
    await vi.advanceTimersByTimeAsync(1_200)
    expect(follower.snapshot().text).toBe('abc')
    expect(requests[1]?.url).toContain('after=1')
  })

  test('does not believe an end that comes before the last segment', async () => {
    const { follower } = follow([{ body: segment(1, 'a') + end(2) }, { body: segment(2, 'b') + end(2) }])
    await vi.advanceTimersByTimeAsync(1_200)
    expect(follower.snapshot()).toMatchObject({ text: 'ab', status: 'completed' })
  })

  test('paints ten times a second at most', async () => {
    const { fetch } = streamServer([{ body: Array.from({ length: 200 }, (_, index) => segment(index + 1, 'x')).join(''), open: true }])
    vi.stubGlobal('fetch', fetch)
    const follower = new GenerationFollower('mara', 'ge_1')
    let paints = 0
    const stop = follower.subscribe(() => (paints += 1))
    await vi.advanceTimersByTimeAsync(100)
    expect(follower.snapshot().text).toHaveLength(200)
    expect(paints).toBeLessThanOrEqual(3)
    stop()
  })

  test('closes its line when nobody watches', async () => {
    const { stop, requests } = follow([{ body: segment(1, 'a'), open: true }])
    await vi.advanceTimersByTimeAsync(0)
    stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(requests).toHaveLength(1)
  })
})
