/** Whom a budget or a limit is for; `nameOf` knows people, keys and runs by their ids. */
export function scopeWords(id: string | null, nameOf: (id: string) => string): string {
  return id === null ? 'The whole project' : nameOf(id)
}
