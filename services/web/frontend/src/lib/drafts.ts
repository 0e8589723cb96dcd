import { dropOfPerson, keepOfPerson, ofPerson } from '@/lib/person'

/** Text that a person wrote and that is not on the server yet, with the time of the last change. */
export interface Draft<T> {
  savedAt: string
  value: T
}

/** Read unsaved text of this person; null where there is none or storage is closed. */
export const readDraft = <T>(key: string): Draft<T> | null => ofPerson<Draft<T> | null>(`draft.${key}`, null)

/** Keep unsaved text on this device. Returns false where the browser refuses, so that the page can say so. */
export const keepDraft = (key: string, value: unknown): boolean => keepOfPerson(`draft.${key}`, { savedAt: new Date().toISOString(), value })

export const dropDraft = (key: string): void => dropOfPerson(`draft.${key}`)
