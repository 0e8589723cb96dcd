/** A piece of a template that is not plain text. Offsets are UTF-16 units, as the editor counts. */
export interface LiquidMark {
  kind: 'output' | 'tag' | 'comment' | 'snippet'
  from: number
  to: number
  /** The parameter of an output, the word of a tag, the name of a snippet. */
  name: string
}

const LIQUID = /\{%-?\s*comment\s*-?%\}[\s\S]*?\{%-?\s*endcomment\s*-?%\}|\{\{-?\s*([A-Za-z_][\w.]*)?[\s\S]*?\}\}|\{%-?\s*([a-z]+)?[\s\S]*?%\}/g
// An address such as ana@example.org is not a snippet: the sign must not follow a word character.
const SNIPPET = /(?<![\w@.])@([a-z][a-z0-9-]*)(?:@\d+)?/g

/** Find placeholders, tags, comments and `@snippets` in a template, in order and without overlap. */
export function liquidMarks(template: string): LiquidMark[] {
  const marks: LiquidMark[] = []
  for (const match of template.matchAll(LIQUID)) {
    const text = match[0]
    const kind = text.startsWith('{{') ? 'output' : /^\{%-?\s*comment/.test(text) ? 'comment' : 'tag'
    marks.push({ kind, from: match.index, to: match.index + text.length, name: match[1] ?? match[2] ?? '' })
  }
  const inside = (at: number) => marks.some((mark) => mark.from <= at && at < mark.to)
  const snippets = [...template.matchAll(SNIPPET)]
    .filter((match) => !inside(match.index))
    .map((match): LiquidMark => ({ kind: 'snippet', from: match.index, to: match.index + match[0].length, name: match[1] ?? '' }))
  return [...marks, ...snippets].toSorted((left, right) => left.from - right.from)
}

/** Where a finding's line and column (both from 1) are in the text; a place past the end becomes the end. */
export function offsetOf(template: string, line: number, column: number): number {
  const lines = template.split('\n')
  const before = lines.slice(0, Math.max(0, line - 1)).reduce((sum, text) => sum + text.length + 1, 0)
  const width = lines[line - 1]?.length ?? 0
  return Math.min(before + Math.min(Math.max(0, column - 1), width), template.length)
}

/** The filters that a template may use; the server refuses others by name. */
export const FILTERS = [
  'append', 'capitalize', 'compact', 'concat', 'date', 'default', 'divided_by', 'downcase', 'escape', 'first', 'join', 'json', 'last',
  'lstrip', 'map', 'minus', 'modulo', 'newline_to_br', 'plus', 'prepend', 'remove', 'replace', 'reverse', 'round', 'rstrip', 'size',
  'slice', 'sort', 'split', 'strip', 'strip_newlines', 'times', 'truncate', 'truncatewords', 'uniq', 'upcase', 'where',
] as const
