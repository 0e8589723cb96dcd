/** What the address says: the snippet in the editor, or the name of one to create. */
export interface SnippetsSearch {
  s?: string
  create?: boolean
}

export function snippetsSearch(search: Record<string, unknown>): SnippetsSearch {
  return {
    ...(typeof search.s === 'string' && search.s !== '' ? { s: search.s } : {}),
    ...(search.create ? { create: true } : {}),
  }
}
