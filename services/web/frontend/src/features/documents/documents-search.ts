import type { DocumentStatus } from '@/lib/api/types'

/** What the address of the list says. */
export interface DocumentsSearch {
  q?: string
  status?: DocumentStatus
  prompt_id?: string
  archived?: boolean
  view?: 'grid'
  sort?: 'title' | 'words' | 'cost' | 'created'
  up?: boolean
  /** The generate dialog is open; `prompt` is chosen in it, `from` lends its values. */
  generate?: boolean
  prompt?: string
  from?: string
}

export const STATUSES = ['generating', 'ready', 'cancelled', 'interrupted', 'failed'] as const
const SORTS = ['title', 'words', 'cost', 'created'] as const

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

export function documentsSearch(search: Record<string, unknown>): DocumentsSearch {
  const found: DocumentsSearch = {}
  const q = text(search.q)
  const promptId = text(search.prompt_id)
  const prompt = text(search.prompt)
  const from = text(search.from)
  const status = STATUSES.find((each) => each === search.status)
  const sort = SORTS.find((each) => each === search.sort)
  if (q) found.q = q
  if (promptId) found.prompt_id = promptId
  if (prompt) found.prompt = prompt
  if (from) found.from = from
  if (status) found.status = status
  if (sort) found.sort = sort
  if (search.archived) found.archived = true
  if (search.view === 'grid') found.view = 'grid'
  if (search.up) found.up = true
  if (search.generate) found.generate = true
  return found
}
