import { describe, expect, test } from 'vitest'
import { forecastOf, daysOf, periodOf } from '@/features/usage/period'
import { niceTop } from '@/features/usage/stacked-bars'
import { groupsOf, stacksOf, sumOf } from '@/features/usage/usage-sums'
import { changeWords, finding } from '@/features/usage/usage-words'
import type { UsageSum } from '@/lib/api/types'

const NOON = new Date('2026-03-31T12:00:00Z')

const at = (time: string) => {
  const now = new Date(time)
  return forecastOf(10, periodOf('month', now), now)
}

const row = (day: string, group: string, cost: string, calls = 1): UsageSum => ({
  day, group, calls, failed_calls: 0, cache_hits: 0, input_tokens: 10, cached_input_tokens: 0, output_tokens: 5, reasoning_tokens: 0, cost_usd: cost, failed_cost_usd: '0', unpriced_calls: 0, estimated_calls: 0, simulated_calls: 0,
})

describe('a period', () => {
  test('of this month is compared with as many days of the month before, and never with days that month had not', () => {
    expect(periodOf('month', NOON)).toMatchObject({ since: '2026-03-01', until: '2026-03-31', before: { since: '2026-02-01', until: '2026-02-28' }, ends: '2026-03-31' })
    expect(periodOf('month', new Date('2026-11-21T08:00:00Z')).before).toEqual({ since: '2026-10-01', until: '2026-10-21' })
  })

  test('of seven days ends today and is compared with the seven before', () => {
    expect(periodOf('week', NOON)).toMatchObject({ since: '2026-03-25', until: '2026-03-31', before: { since: '2026-03-18', until: '2026-03-24' }, ends: null })
  })

  test('of the last month in January lies in the year before', () => {
    expect(periodOf('last-month', new Date('2026-01-05T00:00:00Z'))).toMatchObject({ since: '2025-12-01', until: '2025-12-31', before: { since: '2025-11-01', until: '2025-11-30' } })
  })

  test('has a day for each date, over the end of a month', () => {
    expect(daysOf({ since: '2026-02-27', until: '2026-03-02' })).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'])
  })
})

test('the forecast goes on at the pace so far, and says nothing on the first day or after the last', () => {
  expect(at('2026-11-11T00:00:00Z')).toBeCloseTo(30)
  expect(at('2026-11-01T12:00:00Z')).toBeNull()
  expect(at('2026-11-30T12:00:00Z')).toBeNull()
})

test('groups stand by what is measured; what has no colour is added up at the end of each stack', () => {
  const rows = [row('2026-03-01', 'a', '1'), row('2026-03-01', 'b', '3'), row('2026-03-02', 'b', '1'), row('2026-03-02', 'c', '0.5', 9)]
  expect(groupsOf(rows, 'cost').map(({ group }) => group)).toEqual(['b', 'a', 'c'])
  expect(groupsOf(rows, 'calls').map(({ group }) => group)).toEqual(['c', 'b', 'a'])
  expect(stacksOf(rows, ['2026-03-01', '2026-03-02', '2026-03-03'], ['b'], 'cost')).toEqual([
    { day: '2026-03-01', parts: [3, 1], total: 4 },
    { day: '2026-03-02', parts: [1, 0.5], total: 1.5 },
    { day: '2026-03-03', parts: [0, 0], total: 0 },
  ])
  expect(sumOf(rows)).toMatchObject({ calls: 12, cost: 5.5, input: 40, output: 20 })
})

test('the finding names the largest group and the dearest day', () => {
  const rows = [row('2026-03-01', 'a', '1'), row('2026-03-02', 'b', '3')]
  const words = finding(stacksOf(rows, ['2026-03-01', '2026-03-02'], ['b', 'a'], 'cost'), groupsOf(rows, 'cost'), 'cost', (group) => group.toUpperCase())
  expect(words).toMatch(/^B took 75 % of the money\. The most in a day was \$3\.00, on .*2/)
  expect(finding([], [], 'cost', String)).toBe('Nothing was spent in these days.')
})

test('a change is told in per cent, and not at all where there is nothing to compare', () => {
  expect(changeWords(12, 10, 'cost', 'the month before')).toBe('20 % more than in the month before ($10.00).')
  expect(changeWords(5, 10, 'calls', 'the month before')).toBe('50 % less than in the month before (10).')
  expect(changeWords(0, 0, 'cost', 'the month before')).toBe('')
  expect(changeWords(3, 0, 'cost', 'the month before')).toBe('Nothing in the month before.')
})

test('the scale ends at a round number', () => {
  expect([0, 0.004, 0.7, 3, 12, 4_700].map(niceTop)).toEqual([1, 0.005, 1, 5, 20, 5_000])
})
