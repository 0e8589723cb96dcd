import { Pencil } from 'lucide-react'
import { type KeyboardEvent, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { IconButton } from '@/components/button'
import { TextInput } from '@/components/field'
import { PageTitle } from '@/components/page-header'
import { useActions } from '@/lib/shortcuts'

interface EditableTitleProps {
  title: string
  onRename: (title: string) => void
  reason?: string | null
}

/** The fragment of an address that opens the title for writing, as the lists' rename key does. */
export const RENAME = 'rename'

const startsEditing = (reason: string | null): boolean => reason === null && location.hash === `#${RENAME}`

/** The page's title; `E` or the pen turns it into a field, Enter keeps, Escape leaves it as it was. */
export function EditableTitle({ title, onRename, reason = null }: EditableTitleProps) {
  const [text, setText] = useState<string | null>(startsEditing(reason) ? title : null)
  const pen = useRef<HTMLDivElement>(null)
  useActions([{ id: 'rename', label: 'Rename', group: 'Here', keys: 'e', disabledReason: reason, run: () => setText(title) }])
  const finish = (keep: boolean) => {
    const wanted = text?.trim() ?? ''
    setText(null)
    if (startsEditing(null)) history.replaceState(history.state, '', location.pathname + location.search)
    if (keep && wanted !== '' && wanted !== title) onRename(wanted)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return
    // The pen takes the focus while the key is still down: it must not be pressed by it.
    event.preventDefault()
    flushSync(() => finish(event.key === 'Enter'))
    pen.current?.querySelector('button')?.focus()
  }
  if (text === null) {
    return (
      <div ref={pen} className="flex items-center gap-1">
        <PageTitle>{title}</PageTitle>
        <IconButton label="Rename" keys="e" reason={reason} onClick={() => setText(title)}><Pencil /></IconButton>
      </div>
    )
  }
  return (
    <h1 className="max-w-xl">
      {/* The person has just asked to type here. */}
      {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
      <TextInput autoFocus aria-label="Title" maxLength={200} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} onBlur={() => finish(true)} className="font-serif text-lg" />
    </h1>
  )
}
