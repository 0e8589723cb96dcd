type Listener = () => void
const listeners = new Set<Listener>()
let signedOut = false

function set(value: boolean): void {
  if (signedOut === value) return
  signedOut = value
  for (const listener of listeners) listener()
}

/** Say that the server no longer knows the session; the page stays and asks to sign in over it. */
export const reportSignedOut = (): void => set(true)

export const reportSignedIn = (): void => set(false)

export const isSignedOut = (): boolean => signedOut

export function onSignedOutChange(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
