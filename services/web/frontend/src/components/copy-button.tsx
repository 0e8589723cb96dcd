import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { Button, type ButtonLook } from '@/components/button'
import { toastError } from '@/components/toast'

/** How long the button says that it worked. */
const SAID_MILLISECONDS = 2_000

/** Put text on the clipboard and say so on the button itself. */
export function CopyButton({ text, label, ...look }: { text: string; label: string } & ButtonLook) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), SAID_MILLISECONDS)
    } catch (error) {
      toastError('The browser did not let us copy. Select the text and copy it by hand.', error)
    }
  }
  return <Button {...look} onClick={() => void copy()}>{copied ? <Check /> : <Copy />}{copied ? 'Copied' : label}</Button>
}
