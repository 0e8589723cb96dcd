const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const LEAST_SHOWN_USD = 0.0001

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const count = new Intl.NumberFormat()

/** A moment as a reader says it: relative within a day, a date before. */
export function whenText(iso: string, now = Date.now()): string {
  const age = now - Date.parse(iso)
  if (age < MINUTE) return 'just now'
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`
  return day.format(new Date(iso))
}

/** A day of the calendar, wherever the reader sits. */
export const dayText = (iso: string): string => calendar.format(new Date(iso))

export const exactTime = (iso: string): string => clock.format(new Date(iso))

/** Money with two decimals, four under one cent, and never rounded to nothing; an unknown price is said to be unknown, never 0. */
export function moneyText(usd: string | null | undefined): string {
  if (usd === null || usd === undefined) return 'price unknown'
  const value = Number(usd)
  if (value > 0 && value < LEAST_SHOWN_USD) return `under $${LEAST_SHOWN_USD}`
  return `$${value.toFixed(value !== 0 && value < 0.01 ? 4 : 2)}`
}

export const countText = (value: number): string => count.format(value)

export const plural = (value: number, one: string, many = `${one}s`): string => `${count.format(value)} ${value === 1 ? one : many}`

export function wordCount(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

export function elapsedText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
