/** Small choices of this device (theme, panel widths, last project); an unreadable store gives the fallback. */
export function remembered<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`scriptorium.${name}`)
    return text === null ? fallback : (JSON.parse(text) as T)
  } catch {
    return fallback
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`scriptorium.${name}`, JSON.stringify(value))
  } catch {
    // Storage is closed: the choice lasts as long as the page.
  }
}
