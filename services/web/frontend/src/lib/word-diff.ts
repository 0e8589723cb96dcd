/** A stretch of text that both sides share, or that only one of them has. */
export interface DiffPart {
  kind: 'same' | 'removed' | 'added'
  text: string
}

/** One place where the texts differ, for keeping or undoing by itself. */
export interface DiffChange {
  kind: 'change'
  removed: string
  added: string
}

export type DiffHunk = { kind: 'same'; text: string } | DiffChange

const WORD = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu
/** Texts further apart than this are shown as one replacement: the search costs edits squared. */
const MAX_EDITS = 800

/** Compare two texts by words, so that marks never cut one in half. Myers, "An O(ND) Difference Algorithm", 1986. */
export function wordDiff(before: string, after: string): DiffPart[] {
  const a = before.match(WORD) ?? []
  const b = after.match(WORD) ?? []
  const start = commonPrefix(a, b)
  const end = commonSuffix(a, b, start)
  const middle = myers(a.slice(start, a.length - end), b.slice(start, b.length - end))
  return joined([
    { kind: 'same', text: a.slice(0, start).join('') },
    ...middle,
    { kind: 'same', text: a.slice(a.length - end).join('') },
  ])
}

/** Group a comparison into changes; a lone blank between two changes belongs to both, as a reader sees it. */
export function diffHunks(before: string, after: string): DiffHunk[] {
  const hunks: DiffHunk[] = []
  for (const part of wordDiff(before, after)) {
    const last = hunks.at(-1)
    if (part.kind === 'same') hunks.push({ kind: 'same', text: part.text })
    else if (last?.kind === 'change') extend(last, part)
    else hunks.push({ kind: 'change', removed: part.kind === 'removed' ? part.text : '', added: part.kind === 'added' ? part.text : '' })
  }
  return withoutBlankBridges(hunks)
}

/** The text that results when only the changes numbered in `kept` are taken. */
export function applyChanges(hunks: readonly DiffHunk[], kept: (change: number) => boolean): string {
  let change = -1
  return hunks
    .map((hunk) => {
      if (hunk.kind === 'same') return hunk.text
      change += 1
      return kept(change) ? hunk.added : hunk.removed
    })
    .join('')
}

function extend(change: DiffChange, part: DiffPart): void {
  if (part.kind === 'removed') change.removed += part.text
  else change.added += part.text
}

function withoutBlankBridges(hunks: DiffHunk[]): DiffHunk[] {
  const result: DiffHunk[] = []
  for (const [index, hunk] of hunks.entries()) {
    const last = result.at(-1)
    const next = hunks[index + 1]
    if (hunk.kind === 'same' && /^[^\S\n]+$/.test(hunk.text) && last?.kind === 'change' && next?.kind === 'change') {
      last.removed += hunk.text
      last.added += hunk.text
    } else if (hunk.kind === 'change' && last?.kind === 'change') {
      last.removed += hunk.removed
      last.added += hunk.added
    } else result.push({ ...hunk })
  }
  return result
}

function commonPrefix(a: string[], b: string[]): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1
  return length
}

function commonSuffix(a: string[], b: string[], start: number): number {
  let length = 0
  while (length < a.length - start && length < b.length - start && a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1
  return length
}

function myers(a: string[], b: string[]): DiffPart[] {
  const trail = shortestEdit(a, b)
  if (!trail) return [{ kind: 'removed', text: a.join('') }, { kind: 'added', text: b.join('') }]
  return backtrack(a, b, trail)
}

type Frontier = Map<number, number>

function shortestEdit(a: string[], b: string[]): Frontier[] | null {
  const trail: Frontier[] = []
  let frontier: Frontier = new Map([[1, 0]])
  for (let edits = 0; edits <= Math.min(a.length + b.length, MAX_EDITS); edits += 1) {
    trail.push(frontier)
    const next: Frontier = new Map(frontier)
    for (let k = -edits; k <= edits; k += 2) {
      let x = stepsDown(frontier, k, edits) ? (frontier.get(k + 1) ?? 0) : (frontier.get(k - 1) ?? 0) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      next.set(k, x)
      if (x >= a.length && x - k >= b.length) return trail
    }
    frontier = next
  }
  return null
}

function stepsDown(frontier: Frontier, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && (frontier.get(k - 1) ?? -1) < (frontier.get(k + 1) ?? -1))
}

function backtrack(a: string[], b: string[], trail: Frontier[]): DiffPart[] {
  const parts: DiffPart[] = []
  let x = a.length
  let y = b.length
  for (let edits = trail.length - 1; edits >= 0; edits -= 1) {
    const frontier = trail[edits] ?? new Map<number, number>()
    const k = x - y
    const down = stepsDown(frontier, k, edits)
    const startX = down ? (frontier.get(k + 1) ?? 0) : (frontier.get(k - 1) ?? 0)
    const startY = startX - (down ? k + 1 : k - 1)
    while (x > Math.max(startX, 0) && y > Math.max(startY, 0) && a[x - 1] === b[y - 1]) {
      x -= 1
      y -= 1
      parts.push({ kind: 'same', text: a[x] ?? '' })
    }
    if (edits > 0) parts.push(down ? { kind: 'added', text: b[startY] ?? '' } : { kind: 'removed', text: a[startX] ?? '' })
    x = startX
    y = startY
  }
  return parts.toReversed()
}

function joined(parts: DiffPart[]): DiffPart[] {
  const result: DiffPart[] = []
  for (const part of parts) {
    const last = result.at(-1)
    if (part.text === '') continue
    if (last?.kind === part.kind) last.text += part.text
    else result.push({ ...part })
  }
  return result
}
