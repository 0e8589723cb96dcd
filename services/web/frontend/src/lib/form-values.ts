import type { FieldError } from '@/lib/api/problem'
import type { Parameter } from '@/lib/api/types'

export type JsonValue = NonNullable<Parameter['default']> | null
/** What the fields hold while a person types: text, or a tick. */
export type FieldValues = Record<string, string | boolean>
export type FieldErrors = Record<string, string>

/** Fill a form: last values first, then defaults, then empty. */
export function initialFields(parameters: readonly Parameter[], known: Record<string, unknown> = {}): FieldValues {
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, fieldOf(parameter, known[parameter.name] ?? parameter.default)]))
}

function fieldOf(parameter: Parameter, value: unknown): string | boolean {
  if (parameter.type === 'boolean') return value === true
  if (value === undefined || value === null) return ''
  if (parameter.type === 'list' && Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n')
  if (parameter.type === 'json') return JSON.stringify(value, null, 2)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Read a form: the values to send, and for each field that cannot be sent a sentence. Empty optional fields are left out. */
export function readFields(parameters: readonly Parameter[], fields: FieldValues): { values: Record<string, JsonValue>; errors: FieldErrors } {
  const values: Record<string, JsonValue> = {}
  const errors: FieldErrors = {}
  for (const parameter of parameters) {
    const field = fields[parameter.name] ?? ''
    if (typeof field === 'string' && field.trim() === '') {
      if (parameter.required !== false) errors[parameter.name] = 'This needs a value.'
      continue
    }
    const read = typeof field === 'boolean' ? { value: field } : readText(parameter, field)
    if ('error' in read) errors[parameter.name] = read.error
    else values[parameter.name] = read.value
  }
  return { values, errors }
}

type Read = { value: JsonValue } | { error: string }

function readText(parameter: Parameter, text: string): Read {
  switch (parameter.type) {
    case 'number':
      return readNumber(parameter, text)
    case 'list':
      return { value: text.split('\n').map((line) => line.trim()).filter((line) => line !== '') }
    case 'json':
      return readJson(text)
    case 'enum':
      return parameter.choices?.includes(text) ? { value: text } : { error: `Choose one of ${parameter.choices?.join(', ') ?? 'the choices'}.` }
    default:
      return readString(parameter, text)
  }
}

function readNumber({ minimum, maximum }: Parameter, text: string): Read {
  const value = Number(text.trim())
  if (!Number.isFinite(value)) return { error: 'This needs a number.' }
  if (typeof minimum === 'number' && value < minimum) return { error: `The smallest value is ${minimum}.` }
  if (typeof maximum === 'number' && value > maximum) return { error: `The largest value is ${maximum}.` }
  return { value }
}

function readString({ min_length: least, max_length: most, pattern }: Parameter, text: string): Read {
  const length = [...text].length
  if (typeof least === 'number' && length < least) return { error: `At least ${least} characters; this has ${length}.` }
  if (typeof most === 'number' && length > most) return { error: `At most ${most} characters; this has ${length}.` }
  if (pattern && !matches(pattern, text)) return { error: `This does not match the pattern ${pattern}.` }
  return { value: text }
}

/** A pattern that only the server's dialect understands is left to the server. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(text)
  } catch {
    return true
  }
}

function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text) as JsonValue }
  } catch (error) {
    return { error: `This is not JSON yet: ${(error as Error).message}` }
  }
}

/** Put the server's refusals beside their fields; what names no field is returned as `rest`. */
export function serverErrors(parameters: readonly Parameter[], errors: readonly FieldError[]): { fields: FieldErrors; rest: string[] } {
  const names = new Set(parameters.map((parameter) => parameter.name))
  const fields: FieldErrors = {}
  const rest: string[] = []
  for (const { name, message } of errors) {
    const field = name.split('.').find((part) => names.has(part))
    if (field) fields[field] = message
    else rest.push(`${name}: ${message}`)
  }
  return { fields, rest }
}
