import type { Parameter } from '@/lib/api/types'

export interface MergedParameter {
  parameter: Parameter
  /** The text does not mention it any more; it is left out of the next commit. */
  vanished: boolean
}

/** Bring what the author declared together with what the text mentions: the author's words win, new names follow in the order of the text. */
export function mergeParameters(declared: readonly Parameter[], found: readonly Parameter[]): MergedParameter[] {
  const foundNames = new Set(found.map(({ name }) => name))
  const declaredNames = new Set(declared.map(({ name }) => name))
  return [
    ...declared.map((parameter) => ({ parameter, vanished: !foundNames.has(parameter.name) })),
    ...found.filter(({ name }) => !declaredNames.has(name)).map((parameter) => ({ parameter, vanished: false })),
  ]
}
