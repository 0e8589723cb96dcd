const FENCE = /^ {0,3}(`{3,}|~{3,})/
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/
const INDENTED = /^(?: {2,}|\t)/
const DEFINITION = /^ {0,3}\[[^\]]+\]:\s/m

/**
 * Cut Markdown at blank lines into blocks that render alone, so that a stream re-renders only its last one.
 *
 * Fenced code stays whole, and what continues a list stays with it. Text with link or footnote definitions is one
 * block, because these reach across. Joining the blocks gives the text back.
 */
export function markdownBlocks(text: string): string[] {
  if (DEFINITION.test(text)) return [text]
  const blocks: string[] = []
  for (const piece of pieces(text)) {
    const last = blocks.at(-1)
    if (last !== undefined && continues(last, piece)) blocks[blocks.length - 1] = last + piece
    else blocks.push(piece)
  }
  return blocks
}

function continues(block: string, piece: string): boolean {
  const isList = LIST_ITEM.test(block)
  return INDENTED.test(piece) ? isList || INDENTED.test(block) : isList && LIST_ITEM.test(piece)
}

function pieces(text: string): string[] {
  const result: string[] = []
  let current = ''
  let fence = ''
  let blank = false
  for (const line of text.split(/(?<=\n)/)) {
    if (blank && !fence && line.trim() !== '') {
      result.push(current)
      current = ''
    }
    fence = fenceAfter(fence, line)
    current += line
    blank = line.trim() === ''
  }
  return current ? [...result, current] : result
}

function fenceAfter(open: string, line: string): string {
  const mark = FENCE.exec(line)?.[1]
  if (!mark) return open
  if (!open) return mark
  const closes = mark[0] === open[0] && mark.length >= open.length && line.trim() === mark
  return closes ? '' : open
}
