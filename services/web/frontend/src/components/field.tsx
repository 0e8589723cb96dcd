import { clsx } from 'clsx'
import { type ComponentProps, type ReactNode, useId } from 'react'

const CONTROL =
  'w-full rounded-md border border-edge bg-surface px-2.5 text-sm text-ink aria-invalid:border-vermilion disabled:opacity-60'

/** The look of a text control, for the few that are not made here. */
export const controlLook = (more?: string): string => clsx(CONTROL, more)

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: string | null | undefined
  optional?: boolean
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode
}

/** A labelled control with its hint and its error; both are read out with it. */
export function Field({ label, hint, error, optional = false, children }: FieldProps) {
  const id = useId()
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-xs font-medium text-ink">
        {label}
        {optional && <span className="font-normal text-ink-3"> (optional)</span>}
      </label>
      {hint && <p id={`${id}-hint`} className="text-2xs text-ink-3">{hint}</p>}
      {children({ id, ...(described ? { 'aria-describedby': described } : {}), ...(error ? { 'aria-invalid': true as const } : {}) })}
      {error && <p id={`${id}-error`} className="text-2xs text-vermilion">{error}</p>}
    </div>
  )
}

export function TextInput({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={clsx(CONTROL, 'h-8 max-sm:h-10', className)} {...rest} />
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={clsx(CONTROL, 'min-h-20 resize-y py-1.5 leading-6', className)} {...rest} />
}

export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select className={clsx(CONTROL, 'h-8 max-sm:h-10', className)} {...rest} />
}

interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type'> {
  label: string
}

export function Checkbox({ label, className, ...rest }: CheckboxProps) {
  return (
    <label className={clsx('inline-flex min-h-6 items-center gap-2 text-sm', className)}>
      <input type="checkbox" className="size-4 accent-lapis" {...rest} />
      {label}
    </label>
  )
}
