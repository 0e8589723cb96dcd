import { describe, expect, test } from 'vitest'
import { liquidMarks, offsetOf } from '@/lib/liquid'

const seen = (template: string) => liquidMarks(template).map(({ kind, name }) => `${kind}:${name}`)

describe('liquidMarks', () => {
  test('finds placeholders, tags and snippets in order', () => {
    expect(seen('{% if tone %}Keep {{ tone | downcase }}.{% endif %} Follow @house-style.')).toEqual(['tag:if', 'output:tone', 'tag:endif', 'snippet:house-style'])
  })

  test('leaves addresses and doubled signs alone', () => {
    expect(seen('Write to ana@example.org or @@twice, but follow @style.')).toEqual(['snippet:style'])
  })

  test('finds no snippet inside a placeholder or a comment', () => {
    expect(seen("{{ name | append: '@x' }} {% comment %} @hidden {{ a }} {% endcomment %}")).toEqual(['output:name', 'comment:'])
  })

  test('knows a pinned version as part of the mention', () => {
    expect(liquidMarks('@style@2 end')).toEqual([{ kind: 'snippet', from: 0, to: 8, name: 'style' }])
  })

  test('reads a half written template without marks', () => {
    expect(seen('{{ name')).toEqual([])
  })
})

test('a line and a column lead to an offset, places past the end to the end', () => {
  expect(offsetOf('ab\ncd', 2, 2)).toBe(4)
  expect(offsetOf('ab\ncd', 1, 9)).toBe(2)
  expect(offsetOf('ab', 7, 1)).toBe(2)
})
