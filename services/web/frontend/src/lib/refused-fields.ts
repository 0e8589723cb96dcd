import { isProblem, sentenceOf } from '@/lib/api/problem'

/** What the server refused of a form: by field, and in one sentence where no field is named. */
export function refusedFields(error: unknown, names: readonly string[]): { fields: Record<string, string>; rest: string | null } {
  if (!error) return { fields: {}, rest: null }
  const named = isProblem(error) ? error.errors.filter(({ name }) => names.includes(name)) : []
  return { fields: Object.fromEntries(named.map(({ name, message }) => [name, message])), rest: named.length > 0 ? null : sentenceOf(error) }
}

/** A number from a field; null for an empty one, undefined for what is none. */
export function numberFrom(text: string): number | null | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return null
  const value = Number(trimmed)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
