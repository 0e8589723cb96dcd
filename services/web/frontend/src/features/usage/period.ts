import type { PeriodName } from '@/features/usage/usage-search'

const DAY_MILLISECONDS = 86_400_000
const LENGTHS = { week: 7, days30: 30, days90: 90 } as const

/** Days of UTC, both ends included. */
export interface Span {
  since: string
  until: string
}

/** A period, the one it is compared with, and where it is still running, the last day that it will have. */
export interface Period extends Span {
  before: Span
  /** How the period before is called in a sentence. */
  beforeWords: string
  ends: string | null
}

const iso = (date: Date): string => date.toISOString().slice(0, 10)
const utc = (year: number, month: number, day: number): Date => new Date(Date.UTC(year, month, day))
const shifted = (date: Date, days: number): Date => new Date(date.getTime() + days * DAY_MILLISECONDS)

/** The days of a period as seen from `now`. This month is compared with as many days of the month before. */
export function periodOf(name: PeriodName, now: Date): Period {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  if (name === 'month') {
    const lastOfBefore = utc(year, month, 0)
    const sameDay = utc(year, month - 1, Math.min(day, lastOfBefore.getUTCDate()))
    return { since: iso(utc(year, month, 1)), until: iso(now), before: { since: iso(utc(year, month - 1, 1)), until: iso(sameDay) }, beforeWords: 'the same days of the month before', ends: iso(utc(year, month + 1, 0)) }
  }
  if (name === 'last-month') {
    return { since: iso(utc(year, month - 1, 1)), until: iso(utc(year, month, 0)), before: { since: iso(utc(year, month - 2, 1)), until: iso(utc(year, month - 1, 0)) }, beforeWords: 'the month before', ends: null }
  }
  const length = LENGTHS[name]
  const first = shifted(utc(year, month, day), 1 - length)
  return { since: iso(first), until: iso(now), before: { since: iso(shifted(first, -length)), until: iso(shifted(first, -1)) }, beforeWords: `the ${length} days before`, ends: null }
}

/** Each day of a span. */
export function daysOf({ since, until }: Span): string[] {
  const count = Math.round((Date.parse(until) - Date.parse(since)) / DAY_MILLISECONDS) + 1
  return Array.from({ length: count }, (_, place) => iso(shifted(new Date(since), place)))
}

export const isWithin = (day: string, { since, until }: Span): boolean => day >= since && day <= until

/** What a period that still runs will come to at the pace it had so far; null while one day is too little to say. */
export function forecastOf(spent: number, period: Period, now: Date): number | null {
  if (!period.ends || period.ends === period.until) return null
  const begun = Date.parse(period.since)
  const passed = (now.getTime() - begun) / DAY_MILLISECONDS
  const whole = (Date.parse(period.ends) - begun) / DAY_MILLISECONDS + 1
  return passed < 1 ? null : (spent / passed) * whole
}
