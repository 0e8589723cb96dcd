import { describe, expect, test } from 'vitest'
import { markdownBlocks } from '@/lib/markdown-blocks'

describe('markdownBlocks', () => {
  test('cuts at blank lines and loses nothing', () => {
    const text = '# Title\n\nOne.\n\n\nTwo.\n'
    expect(markdownBlocks(text)).toEqual(['# Title\n\n', 'One.\n\n\n', 'Two.\n'])
    expect(markdownBlocks(text).join('')).toBe(text)
  })

  test('keeps fenced code with blank lines whole, also while it is open', () => {
    expect(markdownBlocks('```js\na\n\nb\n```\n\nEnd')).toEqual(['```js\na\n\nb\n```\n\n', 'End'])
    expect(markdownBlocks('~~~\na\n\n# not a title')).toHaveLength(1)
    expect(markdownBlocks('````\n```\n\nstill code\n````\n\nEnd')).toHaveLength(2)
  })

  test('keeps a loose list and what is indented under it together', () => {
    expect(markdownBlocks('1. one\n\n   more\n\n2. two\n\nEnd')).toEqual(['1. one\n\n   more\n\n2. two\n\n', 'End'])
  })

  test('does not cut where definitions reach across', () => {
    expect(markdownBlocks('See [it][1].\n\nMore.\n\n[1]: https://example.org')).toHaveLength(1)
  })

  test('finished blocks stay the same while the text grows', () => {
    const whole = '# A\n\nFirst paragraph.\n\n- a\n- b\n\nLast words here.'
    for (let length = 1; length < whole.length; length += 1) {
      const finished = markdownBlocks(whole.slice(0, length)).slice(0, -2)
      expect(markdownBlocks(whole).slice(0, finished.length)).toEqual(finished)
    }
  })
})
