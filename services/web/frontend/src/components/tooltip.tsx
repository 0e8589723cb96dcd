import { cloneElement, type ReactElement, useId, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { Keycaps } from '@/components/keycaps'
import { placeBeside, useDismissal } from '@/components/tooltip-place'

interface TooltipProps {
  text: string
  keys?: string | undefined
  /** False where the words repeat the element's own name. */
  describes?: boolean
  children: ReactElement<{ 'aria-describedby'?: string | undefined }>
}

const DELAY_MILLISECONDS = 400
/** Time to move the pointer from the element onto the words (WCAG 1.4.13). */
const GRACE_MILLISECONDS = 120

/** The words belong where their element is: outside its dialog they would be hidden with the page. */
const REGIONS = '[role=dialog], main, aside, header'

/** Words beside an element on hover and on keyboard focus; Escape closes them. A positioning library would cost the shell 15 kB. */
export function Tooltip({ text, keys, describes = true, children }: TooltipProps) {
  const id = useId()
  const [anchor, setAnchor] = useState<{ place: DOMRect; region: Element } | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const show = (element: Element, milliseconds: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setAnchor({ place: element.getBoundingClientRect(), region: element.closest(REGIONS) ?? document.body }), milliseconds)
  }
  const hide = (milliseconds: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setAnchor(null), milliseconds)
  }
  useDismissal(anchor !== null, () => setAnchor(null))
  return (
    <span
      className="contents"
      onPointerEnter={({ currentTarget, pointerType }) => pointerType !== 'touch' && currentTarget.firstElementChild && show(currentTarget.firstElementChild, DELAY_MILLISECONDS)}
      onPointerLeave={() => hide(GRACE_MILLISECONDS)}
      onPointerDown={() => hide(0)}
      onFocus={({ target }) => target.matches(':focus-visible') && show(target, 0)}
      onBlur={() => hide(0)}
    >
      {cloneElement(children, anchor && describes ? { 'aria-describedby': id } : {})}
      {anchor &&
        createPortal(
          <div
            role="tooltip"
            id={id}
            ref={(element) => placeBeside(element, anchor.place)}
            onPointerEnter={() => clearTimeout(timer.current)}
            onPointerLeave={() => hide(GRACE_MILLISECONDS)}
            className="pop pointer-events-auto fixed z-60 flex max-w-72 items-center gap-2 rounded-md bg-ink px-2 py-1 text-2xs text-paper"
          >
            {text}
            {keys && <Keycaps keys={keys} />}
          </div>,
          anchor.region,
        )}
    </span>
  )
}
