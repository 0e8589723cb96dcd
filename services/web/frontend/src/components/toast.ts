import { sentenceOf } from '@/lib/api/problem'

/** How long a deletion can be taken back. */
const UNDO_MILLISECONDS = 10_000
const READ_MILLISECONDS = 12_000

// Fetched with the first message: no page needs it to begin.
const sonner = async () => (await import('sonner')).toast

/** Say that something is gone and offer it back for ten seconds. */
export async function toastUndo(message: string, undo: () => void): Promise<void> {
  const toast = await sonner()
  toast(message, { duration: UNDO_MILLISECONDS, action: { label: 'Undo', onClick: undo } })
}

export async function toastDone(message: string): Promise<void> {
  const toast = await sonner()
  toast.success(message)
}

/** Say what failed and why; stays long enough to be read twice. */
export async function toastError(what: string, error: unknown): Promise<void> {
  const toast = await sonner()
  toast.error(what, { description: sentenceOf(error), duration: READ_MILLISECONDS })
}
