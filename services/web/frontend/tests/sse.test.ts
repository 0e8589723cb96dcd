import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backoffMilliseconds, type Connection, openStream } from '@/lib/sse'
import { event, type Script, streamServer } from './streams'

function open(scripts: Script[]) {
  const { fetch, requests } = streamServer(scripts)
  const events: string[] = []
  const connections: Connection[] = []
  let signedOut = 0
  const close = openStream({
    url: '/api/events', fetch, random: () => 0, finalEvents: ['end'],
    onEvent: ({ event: kind, data }) => events.push(`${kind} ${data}`),
    onConnection: (connection) => connections.push(connection),
    onSignedOut: () => (signedOut += 1),
  })
  return { requests, events, connections, close, signedOut: () => signedOut }
}

describe('openStream', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('comes back with the last id it saw, and ends with a final event', async () => {
    const stream = open([{ body: event('segment', 1, 7) }, { body: event('end', {}) }])
    await vi.advanceTimersByTimeAsync(600)
    expect(stream.requests.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, '7'])
    expect(stream.events).toEqual(['segment 1', 'end {}'])
    expect(stream.connections).toEqual(['connecting', 'live', 'reconnecting', 'live', 'ended'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stream.requests).toHaveLength(2)
  })

  test('waits longer after each failure, and starts over after an event', async () => {
    const stream = open([{ error: true }, { status: 503 }, { body: event('segment', 1, 1) }, { error: true }, { status: 204 }])
    await vi.advanceTimersByTimeAsync(499)
    expect(stream.requests).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(stream.requests).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(stream.requests).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(500)
    expect(stream.requests).toHaveLength(4)
    stream.close()
  })

  test('takes 40 s of silence for a drop', async () => {
    const stream = open([{ body: event('segment', 1, 3), open: true }, { status: 204 }])
    await vi.advanceTimersByTimeAsync(39_999)
    expect(stream.requests).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(600)
    expect(stream.requests).toHaveLength(2)
    expect(stream.connections.at(-1)).toBe('ended')
  })

  test('asks to sign in after a 401 and gives up', async () => {
    const stream = open([{ status: 401 }])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stream.signedOut()).toBe(1)
    expect(stream.requests).toHaveLength(1)
    expect(stream.connections.at(-1)).toBe('failed')
  })

  test('gives up on a 404, tries again on a 429', async () => {
    const lost = open([{ status: 404 }])
    const busy = open([{ status: 429 }, { status: 204 }])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(lost.connections.at(-1)).toBe('failed')
    expect(busy.connections.at(-1)).toBe('ended')
  })

  test('says nothing more once it is closed', async () => {
    const stream = open([{ body: event('segment', 1, 1), open: true }])
    await vi.advanceTimersByTimeAsync(0)
    stream.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stream.requests).toHaveLength(1)
    expect(stream.events).toHaveLength(1)
  })
})

test('the ladder ends at 15 s, and chance shortens a step by up to a half', () => {
  expect([1, 2, 3, 4, 5, 6, 9].map((failures) => backoffMilliseconds(failures, 0))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
  expect(backoffMilliseconds(6, 1)).toBe(7_500)
})
