/** Choices of this device whoever sits at it (folded rail, chosen tab); an unreadable store gives the fallback. */
export const remembered = <T>(name: string, fallback: T): T => readStored(`scriptorium.${name}`) ?? fallback

export function remember(name: string, value: unknown): void {
  // Where storage is closed the choice lasts as long as the page.
  writeStored(`scriptorium.${name}`, value)
}

/** Read what this browser stores under a key; null where there is nothing to read. */
export function readStored<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(key)
    return text === null ? null : (JSON.parse(text) as T)
  } catch {
    return null
  }
}

/** Returns false where the browser refuses to store. */
export function writeStored(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

/** Forget the keys that `isMeant` names. */
export function dropStored(isMeant: (key: string) => boolean): void {
  try {
    for (const key of Object.keys(localStorage).filter(isMeant)) localStorage.removeItem(key)
  } catch {
    // Storage is closed: there was nothing to drop.
  }
}
