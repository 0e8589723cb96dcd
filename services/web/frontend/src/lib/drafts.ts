/** Text that a person wrote and that is not on the server yet, with the time of the last change. */
export interface Draft<T> {
  savedAt: string
  value: T
}

const PREFIX = 'scriptorium.draft.'

/** Read unsaved text of this device; null where there is none or storage is closed. */
export function readDraft<T>(key: string): Draft<T> | null {
  try {
    const text = localStorage.getItem(PREFIX + key)
    return text ? (JSON.parse(text) as Draft<T>) : null
  } catch {
    return null
  }
}

/** Keep unsaved text on this device. Returns false where the browser refuses, so that the page can say so. */
export function keepDraft<T>(key: string, value: T): boolean {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify({ savedAt: new Date().toISOString(), value }))
    return true
  } catch {
    return false
  }
}

export function dropDraft(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key)
  } catch {
    // Storage is closed: there was nothing to drop.
  }
}

/** Forget all unsaved text of this device, at sign-out. */
export function dropAllDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key)
  } catch {
    // Storage is closed: there was nothing to drop.
  }
}
