import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { TextInput } from '@/components/field'
import { useDebounced } from '@/lib/debounced'
import { useActions } from '@/lib/shortcuts'

interface FilterInputProps {
  label: string
  value: string
  onChange: (value: string) => void
}

const DEBOUNCE_MILLISECONDS = 200

/** A filter that lives in the address: what is typed arrives there a moment later. `/` goes to it, Escape clears it. */
export function FilterInput({ label, value, onChange }: FilterInputProps) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value)
  const settled = useDebounced(text, DEBOUNCE_MILLISECONDS)
  const [known, setKnown] = useState(value)
  // Back, forward or "Clear filters" changed the address: the field follows.
  if (value !== known) {
    setKnown(value)
    if (value !== settled) setText(value)
  }
  // Synchronises the address with what was typed.
  useEffect(() => {
    if (settled !== value && settled === text) onChange(settled)
  })
  useActions([{ id: 'filter', label, group: 'Here', keys: '/', run: () => input.current?.focus() }])
  return (
    <div className="relative w-full max-w-sm">
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 stroke-[1.5] text-ink-3" />
      <TextInput ref={input} type="search" aria-label={label} placeholder={label} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === 'Escape' && setText('')} className="pl-8" />
    </div>
  )
}
