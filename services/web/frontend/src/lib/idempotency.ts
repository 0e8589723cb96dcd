/** A UUID of version 4; `crypto.randomUUID` is missing on plain http outside localhost. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * Keys for one button: the same body sent again keeps its key, so a retry after a lost answer makes nothing twice;
 * another body, or the next press after a success, gets a new one.
 */
export class IntentKeys {
  private body: string | null = null
  private key = ''

  keyFor(body: unknown): string {
    const text = JSON.stringify(body)
    if (text !== this.body) {
      this.body = text
      this.key = randomId()
    }
    return this.key
  }

  settle(): void {
    this.body = null
  }
}
