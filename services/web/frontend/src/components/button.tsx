import { cva, type VariantProps } from 'class-variance-authority'
import { clsx } from 'clsx'
import { LoaderCircle } from 'lucide-react'
import type { ComponentProps, MouseEvent } from 'react'
import { Tooltip } from '@/components/tooltip'

const look = cva(
  'relative inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors duration-100 select-none aria-disabled:cursor-not-allowed aria-disabled:opacity-55 [&_svg]:size-4 [&_svg]:stroke-[1.5]',
  {
    variants: {
      variant: {
        primary: 'bg-lapis text-on-lapis hover:bg-lapis/90',
        outline: 'border border-edge bg-surface text-ink hover:bg-sunken',
        quiet: 'text-ink-2 hover:bg-sunken hover:text-ink',
        danger: 'border border-vermilion bg-surface text-vermilion hover:bg-vermilion-wash',
        murex: 'border border-murex bg-murex-wash text-murex hover:bg-murex-wash/70',
      },
      size: { md: 'h-8 px-3 text-xs max-sm:h-10', sm: 'h-7 px-2 text-xs', icon: 'size-8 max-sm:size-10', lg: 'h-10 px-4 text-sm' },
    },
    defaultVariants: { variant: 'outline', size: 'md' },
  },
)

export type ButtonLook = VariantProps<typeof look>

/** The classes of a button, for links that look like one. */
export const buttonLook = (wanted: ButtonLook, more?: string): string => clsx(look(wanted), more)

interface ButtonProps extends ComponentProps<'button'>, ButtonLook {
  /** Work goes on: the width stays, a second press does nothing. */
  pending?: boolean
  /** Why this cannot be done now. The button stays reachable and tells it. */
  reason?: string | null | undefined
}

/** A button. With `reason` it is disabled but can be focused, so that everybody learns why. */
export function Button({ variant, size, pending = false, reason, className, children, onClick, type = 'button', ...rest }: ButtonProps) {
  const blocked = pending || Boolean(reason)
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (blocked) event.preventDefault()
    else onClick?.(event)
  }
  const button = (
    // The type is one of three constants.
    // oxlint-disable-next-line react/button-has-type
    <button type={type} className={clsx(look({ variant, size }), className)} aria-disabled={blocked || undefined} aria-busy={pending || undefined} onClick={press} {...rest}>
      <span className={clsx('inline-flex items-center gap-1.5', pending && 'invisible')}>{children}</span>
      {pending && <LoaderCircle className="turning absolute" aria-hidden />}
    </button>
  )
  return reason ? <Tooltip text={reason}>{button}</Tooltip> : button
}

interface IconButtonProps extends ButtonProps {
  label: string
  keys?: string
}

/** A button that shows only an icon; its name is told by tooltip and to screen readers. */
export function IconButton({ label, keys, children, variant = 'quiet', reason, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={reason ?? label} keys={reason ? undefined : keys} describes={Boolean(reason)}>
      <Button variant={variant} size="icon" aria-label={label} aria-disabled={reason ? true : undefined} {...rest} onClick={reason ? undefined : rest.onClick}>
        {children}
      </Button>
    </Tooltip>
  )
}
