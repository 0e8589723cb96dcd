import { toast } from 'sonner'
import { sentenceOf } from '@/lib/api/problem'

/** How long a deletion can be taken back. */
const UNDO_MILLISECONDS = 10_000

/** Say that something is gone and offer it back for ten seconds. */
export function toastUndo(message: string, undo: () => void): void {
  toast(message, { duration: UNDO_MILLISECONDS, action: { label: 'Undo', onClick: undo } })
}

export const toastDone = (message: string): void => void toast.success(message)

/** Say what failed; stays until read, because it asks for something. */
export function toastError(what: string, error: unknown): void {
  toast.error(what, { description: sentenceOf(error), duration: 12_000 })
}
