import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Autosave, type SaveState } from '@/lib/autosave'

function make(save: (value: string) => Promise<void>, onError: () => 'offline' | 'failed' | 'conflict' = () => 'failed') {
  const states: SaveState[] = []
  return { states, autosave: new Autosave<string>({ save, onState: (state) => states.push(state), onError }) }
}

describe('Autosave', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('saves the newest value 1.5 s after the last change', async () => {
    const save = vi.fn(() => Promise.resolve())
    const { autosave, states } = make(save)
    autosave.change('a')
    await vi.advanceTimersByTimeAsync(1_000)
    autosave.change('ab')
    await vi.advanceTimersByTimeAsync(1_499)
    expect(save).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(save).toHaveBeenCalledExactlyOnceWith('ab')
    expect(states.at(-1)).toBe('saved')
  })

  test('saves after 10 s at the latest while somebody types on', async () => {
    const save = vi.fn(() => Promise.resolve())
    const { autosave } = make(save)
    for (let second = 0; second < 11; second += 1) {
      autosave.change(`text ${second}`)
      // Each keystroke waits for the one before.
      // oxlint-disable-next-line no-await-in-loop
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(save).toHaveBeenCalledOnce()
  })

  test('saves once more what changed while a save was under way', async () => {
    const finish: (() => void)[] = []
    const save = vi.fn(() => new Promise<void>((resolve) => finish.push(resolve)))
    const { autosave, states } = make(save)
    autosave.change('a')
    await vi.advanceTimersByTimeAsync(1_500)
    autosave.change('b')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(save).toHaveBeenCalledOnce()
    finish[0]?.()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(save).toHaveBeenLastCalledWith('b')
    finish[1]?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(states.at(-1)).toBe('saved')
  })

  test('keeps the text after a failure and saves it when asked', async () => {
    const save = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('no'))
    const { autosave, states } = make(save)
    autosave.change('a')
    await vi.advanceTimersByTimeAsync(1_500)
    expect(states.at(-1)).toBe('failed')
    expect(autosave.unsaved).toBe('a')
    await autosave.flush()
    expect(states.at(-1)).toBe('saved')
  })

  test('stops at a conflict until somebody decided', async () => {
    const save = vi.fn(() => Promise.reject(new Error('409')))
    const { autosave, states } = make(save, () => 'conflict')
    autosave.change('a')
    await vi.advanceTimersByTimeAsync(1_500)
    autosave.change('ab')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(save).toHaveBeenCalledOnce()
    expect(states.at(-1)).toBe('conflict')
    autosave.resume()
    expect(states.at(-1)).toBe('saved')
  })
})
