import { describe, expect, test } from 'vitest'
import type { Parameter } from '@/lib/api/types'
import { initialFields, readFields, serverErrors } from '@/lib/form-values'

const parameter = (part: Partial<Parameter> & { name: string }): Parameter => ({
  type: 'string', required: true, default: null, description: '', choices: null, minimum: null, maximum: null, min_length: null, max_length: null, pattern: null, ...part,
})

describe('readFields', () => {
  test('reads each type as the value that the service expects', () => {
    const parameters = [
      parameter({ name: 'line' }), parameter({ name: 'count', type: 'number' }), parameter({ name: 'sure', type: 'boolean' }),
      parameter({ name: 'tone', type: 'enum', choices: ['dry', 'warm'] }), parameter({ name: 'items', type: 'list' }), parameter({ name: 'extra', type: 'json' }),
    ]
    const { values, errors } = readFields(parameters, { line: 'x', count: ' 3.5 ', sure: true, tone: 'dry', items: 'a\n\n b ', extra: '{"k": [1]}' })
    expect(errors).toEqual({})
    expect(values).toEqual({ line: 'x', count: 3.5, sure: true, tone: 'dry', items: ['a', 'b'], extra: { k: [1] } })
  })

  test('names what cannot be sent, field by field', () => {
    const parameters = [
      parameter({ name: 'line' }), parameter({ name: 'count', type: 'number', maximum: 5 }), parameter({ name: 'word', type: 'number' }),
      parameter({ name: 'tone', type: 'enum', choices: ['dry'] }), parameter({ name: 'extra', type: 'json' }), parameter({ name: 'short', max_length: 2 }), parameter({ name: 'code', pattern: '[A-Z]+' }),
    ]
    const { errors } = readFields(parameters, { line: '  ', count: '9', word: 'nine', tone: 'wet', extra: '{', short: 'abc', code: 'x' })
    expect(Object.keys(errors).toSorted()).toEqual(['code', 'count', 'extra', 'line', 'short', 'tone', 'word'])
    expect(errors.count).toContain('5')
  })

  test('leaves empty optional fields out', () => {
    expect(readFields([parameter({ name: 'tone', required: false })], { tone: '' })).toEqual({ values: {}, errors: {} })
  })

  test('leaves a pattern that only the server understands to the server', () => {
    expect(readFields([parameter({ name: 'code', pattern: '(?P<x>a)' })], { code: 'b' }).errors).toEqual({})
  })
})

test('known values win over defaults, and lists become lines', () => {
  const parameters = [parameter({ name: 'count', type: 'number', default: 3 }), parameter({ name: 'items', type: 'list', default: ['a', 'b'] }), parameter({ name: 'sure', type: 'boolean' })]
  expect(initialFields(parameters)).toEqual({ count: '3', items: 'a\nb', sure: false })
  expect(initialFields(parameters, { count: 7 }).count).toBe('7')
})

test('refusals of the server go to their fields, the rest is kept', () => {
  const found = serverErrors([parameter({ name: 'premise' })], [{ name: 'values.premise', message: 'Too short.' }, { name: 'model', message: 'Unknown.' }])
  expect(found).toEqual({ fields: { premise: 'Too short.' }, rest: ['model: Unknown.'] })
})
