import { type FormEvent, type ReactNode, useId } from 'react'
import { Button } from '@/components/button'
import { Dialog } from '@/components/dialog'

interface FormDialogProps {
  title: string
  description?: string
  submit: string
  pending: boolean
  /** Why it cannot be sent now. */
  reason?: string | null
  /** What the server refused, in a sentence. */
  refused?: string | null
  /** What stands at the left of the buttons, such as a removal. */
  aside?: ReactNode
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** A dialog with fields and one button that sends them; Enter in a field sends too. */
export function FormDialog({ title, description, submit, pending, reason = null, refused = null, aside, onSubmit, onClose, children }: FormDialogProps) {
  const id = useId()
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (!reason && !pending) onSubmit()
  }
  const footer = (
    <>
      {aside && <div className="mr-auto">{aside}</div>}
      {refused && <p role="alert" className="mr-auto min-w-0 flex-1 basis-40 text-xs text-vermilion">Not saved. {refused}</p>}
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={id} variant="primary" pending={pending} reason={reason}>{submit}</Button>
    </>
  )
  return (
    <Dialog title={title} onClose={onClose} footer={footer} {...(description ? { description } : {})}>
      <form id={id} onSubmit={send} noValidate className="flex flex-col gap-4 p-5">{children}</form>
    </Dialog>
  )
}
