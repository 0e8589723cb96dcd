import type { Measure } from '@/features/usage/usage-search'
import type { UsageSum } from '@/lib/api/types'

/** Sums over days: money in dollars, tokens and calls as counts. */
export interface Sums {
  calls: number
  failed: number
  hits: number
  input: number
  cached: number
  output: number
  reasoning: number
  cost: number
  failedCost: number
  unpriced: number
  estimated: number
  simulated: number
}

export interface GroupSums extends Sums {
  group: string
}

const NOTHING: Sums = { calls: 0, failed: 0, hits: 0, input: 0, cached: 0, output: 0, reasoning: 0, cost: 0, failedCost: 0, unpriced: 0, estimated: 0, simulated: 0 }

function plus(sums: Sums, row: UsageSum): Sums {
  return {
    calls: sums.calls + row.calls,
    failed: sums.failed + row.failed_calls,
    hits: sums.hits + row.cache_hits,
    input: sums.input + row.input_tokens,
    cached: sums.cached + row.cached_input_tokens,
    output: sums.output + row.output_tokens,
    reasoning: sums.reasoning + row.reasoning_tokens,
    cost: sums.cost + Number(row.cost_usd),
    failedCost: sums.failedCost + Number(row.failed_cost_usd),
    unpriced: sums.unpriced + row.unpriced_calls,
    estimated: sums.estimated + row.estimated_calls,
    simulated: sums.simulated + row.simulated_calls,
  }
}

export const sumOf = (rows: readonly UsageSum[]): Sums => rows.reduce(plus, NOTHING)

export const measured = (sums: Sums, measure: Measure): number => (measure === 'cost' ? sums.cost : measure === 'calls' ? sums.calls : sums.input + sums.output)

function groupedBy(rows: readonly UsageSum[], name: (row: UsageSum) => string): Map<string, Sums> {
  const found = new Map<string, Sums>()
  for (const row of rows) found.set(name(row), plus(found.get(name(row)) ?? NOTHING, row))
  return found
}

/** One row a group, the largest first; groups that measure the same stand in the order of their calls. */
export function groupsOf(rows: readonly UsageSum[], measure: Measure): GroupSums[] {
  return [...groupedBy(rows, ({ group }) => group)]
    .map(([group, sums]) => ({ group, ...sums }))
    .toSorted((one, other) => measured(other, measure) - measured(one, measure) || other.calls - one.calls)
}

export interface DayStack {
  day: string
  /** One value for each series, in their order. */
  parts: number[]
  total: number
}

/** Days as stacks of the largest groups; what has no colour of its own is added up in a last series. */
export function stacksOf(rows: readonly UsageSum[], days: readonly string[], series: readonly string[], measure: Measure): DayStack[] {
  const sums = groupedBy(rows, ({ day, group }) => `${day} ${group}`)
  const totals = groupedBy(rows, ({ day }) => day)
  return days.map((day) => {
    const total = measured(totals.get(day) ?? NOTHING, measure)
    const parts = series.map((group) => measured(sums.get(`${day} ${group}`) ?? NOTHING, measure))
    return { day, parts: [...parts, Math.max(0, total - parts.reduce((sum, part) => sum + part, 0))], total }
  })
}
