import { clsx } from 'clsx'
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { Button, IconButton } from '@/components/button'

interface DialogProps {
  title: string
  /** One sentence under the title; read out with it. */
  description?: string
  size?: 'sm' | 'md' | 'lg' | 'tall'
  onClose: () => void
  footer?: ReactNode
  children: ReactNode
}

/** `tall` has one height, for work whose size changes while somebody is at it. */
const SIZE = { sm: 'sm:h-fit sm:max-w-md', md: 'sm:h-fit sm:max-w-2xl', lg: 'sm:h-fit sm:max-w-6xl', tall: 'sm:h-[min(48rem,calc(100dvh-4rem))] sm:max-w-6xl' }

/** Begin where the work is, not at the button that closes. */
function focusWork(event: Event): void {
  const content = event.currentTarget as HTMLElement
  const field = content.querySelector<HTMLElement>('input, select, textarea, [contenteditable=true]')
  event.preventDefault()
  ;(field ?? content).focus()
}

/** A dialog over the page; below 640 px it is a sheet of the full height. */
export function Dialog({ title, description, size = 'md', onClose, footer, children }: DialogProps) {
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="scrim fixed inset-0 z-40" />
        <Radix.Content
          className={clsx(
            'pop fixed inset-0 z-40 m-auto flex w-full flex-col bg-surface shadow-lift outline-none sm:max-h-[calc(100dvh-4rem)] sm:w-[calc(100%-2rem)] sm:rounded-lg sm:border sm:border-line',
            SIZE[size],
          )}
          {...(description ? {} : { 'aria-describedby': undefined })}
          onOpenAutoFocus={focusWork}
        >
          <header className="flex items-start gap-4 border-b border-line py-3 pr-3 pl-5">
            <div className="min-w-0 flex-1 py-0.5">
              <Radix.Title className="truncate font-serif text-lg leading-7">{title}</Radix.Title>
              {description && <Radix.Description className="text-xs text-ink-2">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close" keys="Escape"><X /></IconButton>
            </Radix.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
          {footer && <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface ConfirmProps {
  title: string
  text: string
  confirm: string
  cancel?: string
  danger?: boolean
  onConfirm: () => void
  onCancel: () => void
}

/** Ask once before something that is hard to take back. */
export function ConfirmDialog({ title, text, confirm, cancel = 'Go back', danger = false, onConfirm, onCancel }: ConfirmProps) {
  const footer = (
    <>
      <Button onClick={onCancel}>{cancel}</Button>
      <Button variant={danger ? 'danger' : 'primary'} onClick={onConfirm}>{confirm}</Button>
    </>
  )
  return (
    <Dialog title={title} size="sm" onClose={onCancel} footer={footer}>
      <p className="px-5 py-4 text-ink-2">{text}</p>
    </Dialog>
  )
}
