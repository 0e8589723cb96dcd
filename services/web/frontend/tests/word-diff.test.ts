import { describe, expect, test } from 'vitest'
import { applyChanges, diffHunks, wordDiff } from '@/lib/word-diff'

const side = (parts: ReturnType<typeof wordDiff>, left: 'removed' | 'added') => parts.filter(({ kind }) => kind === 'same' || kind === left).map(({ text }) => text).join('')

describe('wordDiff', () => {
  test('marks whole words and never cuts one in half', () => {
    expect(wordDiff('She does not tell.', 'She tells not.')).not.toContainEqual(expect.objectContaining({ text: 's' }))
    expect(wordDiff('one two three', 'one 2 three').filter(({ kind }) => kind !== 'same').map(({ text }) => text)).toEqual(['two', '2'])
  })

  test('gives both texts back, also for random ones', () => {
    const words = ['a', 'b', '{{ x }}', '\n', 'ñandú', '@s']
    let seed = 7
    const next = () => (seed = (seed * 16_807) % 2_147_483_647)
    for (let round = 0; round < 200; round += 1) {
      const text = () => Array.from({ length: next() % 30 }, () => words[next() % words.length]).join(' ')
      const [before, after] = [text(), text()]
      const parts = wordDiff(before, after)
      expect(side(parts, 'removed')).toBe(before)
      expect(side(parts, 'added')).toBe(after)
    }
  })

  test('says nothing changed between equal texts', () => {
    expect(wordDiff('same text', 'same text')).toEqual([{ kind: 'same', text: 'same text' }])
    expect(wordDiff('', '')).toEqual([])
  })

  test('stays quick on long texts that have nothing in common', () => {
    const before = Array.from({ length: 8_000 }, (_, index) => `a${index}`).join(' ')
    const after = Array.from({ length: 8_000 }, (_, index) => `b${index}`).join('\n')
    const start = performance.now()
    expect(side(wordDiff(before, after), 'added')).toBe(after)
    expect(performance.now() - start).toBeLessThan(3_000)
  })
})

describe('diffHunks', () => {
  test('keeps or undoes each change by itself', () => {
    const hunks = diffHunks('write a story about {{ hero }}.', 'Write a tight story about {{ hero }}. End it.')
    expect(applyChanges(hunks, () => true)).toBe('Write a tight story about {{ hero }}. End it.')
    expect(applyChanges(hunks, () => false)).toBe('write a story about {{ hero }}.')
    expect(applyChanges(hunks, (change) => change === 0)).toBe('Write a story about {{ hero }}.')
  })

  test('joins neighbours that only a blank keeps apart', () => {
    const changes = diffHunks('one two end', 'uno dos end').filter(({ kind }) => kind === 'change')
    expect(changes).toHaveLength(1)
  })
})
