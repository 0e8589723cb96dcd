import { dropStored, readStored, writeStored } from '@/lib/remembered'

/** The id of who is signed in; null before anybody is known, and after they left. */
let present: string | null = null
/** From the moment the page is left nobody is met any more: a late answer must not give what it holds a name. */
let leaving = false
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('scriptorium.person')

const prefixOf = (person: string) => `scriptorium.of.${person}.`

/** Another page than the one that knew the person before: nothing of them stays in memory. */
function startAfresh(): void {
  leaving = true
  location.assign('/')
}

/**
 * Say who the server knows. Returns false when that is not the person whose page this is: then a fresh page is on
 * its way, and what the first one wrote stays under their own name.
 */
export function meet(person: string): boolean {
  if (leaving) return false
  present ??= person
  if (present === person) return true
  startAfresh()
  return false
}

/** Forget everything that this browser keeps of the person, here and in the other tabs. */
export function forgetPerson(): void {
  if (present === null) return
  const prefix = prefixOf(present)
  dropStored((key) => key.startsWith(prefix))
  channel?.postMessage(present)
  present = null
  leaving = true
}

// Signed out in another tab: this one must neither show nor store what it holds.
channel?.addEventListener('message', ({ data }: MessageEvent<string>) => {
  if (data !== present) return
  present = null
  startAfresh()
})

/** What this browser keeps for the person who is signed in, and for nobody else. */
export const ofPerson = <T>(name: string, fallback: T): T => (present === null ? null : readStored<T>(prefixOf(present) + name)) ?? fallback

/** Returns false where nobody is signed in or the browser refuses. */
export function keepOfPerson(name: string, value: unknown): boolean {
  return present !== null && writeStored(prefixOf(present) + name, value)
}

export function dropOfPerson(name: string): void {
  if (present === null) return
  const wanted = prefixOf(present) + name
  dropStored((key) => key === wanted)
}
