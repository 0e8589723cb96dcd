/** What the address of the list says. */
export interface PromptsSearch {
  q?: string
  tag?: string
  archived?: boolean
  sort?: 'title' | 'version' | 'model' | 'updated'
  up?: boolean
  /** The create dialog is open; `title` and `clone` fill it. */
  new?: boolean
  title?: string
  clone?: string
}

const SORTS = ['title', 'version', 'model', 'updated'] as const

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

export function promptsSearch(search: Record<string, unknown>): PromptsSearch {
  const q = text(search.q)
  const tag = text(search.tag)
  const title = text(search.title)
  const clone = text(search.clone)
  const sort = SORTS.find((each) => each === search.sort)
  return {
    ...(q ? { q } : {}),
    ...(tag ? { tag } : {}),
    ...(search.archived ? { archived: true } : {}),
    ...(sort ? { sort } : {}),
    ...(search.up ? { up: true } : {}),
    ...(search.new ? { new: true } : {}),
    ...(title ? { title } : {}),
    ...(clone ? { clone } : {}),
  }
}
