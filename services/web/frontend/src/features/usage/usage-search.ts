/** What the address of the page says; anything else in it is left aside. */
export interface UsageSearch {
  period?: string
  by?: string
  measure?: string
}

export const GROUPS = { model: 'Model', task: 'Task', prompt_version: 'Prompt', user: 'Person', key: 'API key' } as const
export const MEASURES = { cost: 'Cost', tokens: 'Tokens', calls: 'Calls' } as const
export const PERIODS = { month: 'This month', 'last-month': 'Last month', week: 'Last 7 days', days30: 'Last 30 days', days90: 'Last 90 days' } as const

export type Group = keyof typeof GROUPS
export type Measure = keyof typeof MEASURES
export type PeriodName = keyof typeof PERIODS

const oneOf = <T extends string>(choices: Record<T, string>, wanted: unknown, otherwise: T): T => (typeof wanted === 'string' && wanted in choices ? (wanted as T) : otherwise)

/** The choices that the page shows. */
export function usageChoice(search: UsageSearch): { period: PeriodName; by: Group; measure: Measure } {
  return { period: oneOf(PERIODS, search.period, 'month'), by: oneOf(GROUPS, search.by, 'model'), measure: oneOf(MEASURES, search.measure, 'cost') }
}
