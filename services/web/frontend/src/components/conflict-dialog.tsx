import { Button } from '@/components/button'
import { Dialog } from '@/components/dialog'
import { TextDiff } from '@/components/text-diff'

interface ConflictDialogProps {
  what: string
  theirs: string
  mine: string
  keepMine: string
  pending?: boolean
  onKeepMine: () => void
  onTakeTheirs: () => void
  onClose: () => void
}

/** Two people wrote the same thing: both texts are shown, and nothing is lost until one is chosen. */
export function ConflictDialog({ what, theirs, mine, keepMine, pending = false, onKeepMine, onTakeTheirs, onClose }: ConflictDialogProps) {
  const footer = (
    <>
      <Button onClick={onClose}>Decide later</Button>
      <Button onClick={onTakeTheirs}>Take theirs, drop mine</Button>
      <Button variant="primary" pending={pending} onClick={onKeepMine}>{keepMine}</Button>
    </>
  )
  return (
    <Dialog title={`${what} changed while you wrote`} description="Struck: only in theirs. Underlined: only in yours." size="lg" onClose={onClose} footer={footer}>
      <div className="p-5"><TextDiff label="Theirs and yours compared" before={theirs} after={mine} /></div>
    </Dialog>
  )
}
