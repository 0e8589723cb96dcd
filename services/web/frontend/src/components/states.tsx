import { clsx } from 'clsx'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '@/components/button'
import { isProblem, sentenceOf } from '@/lib/api/problem'

/** Faster than this nobody has noticed that anything was missing. */
const QUIET_MILLISECONDS = 150
const LONG_MILLISECONDS = 8_000

function useAfter(milliseconds: number): boolean {
  const [passed, setPassed] = useState(false)
  // Synchronises with the clock.
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), milliseconds)
    return () => clearTimeout(timer)
  }, [milliseconds])
  return passed
}

const Block = ({ className }: { className: string }) => <div className={clsx('rounded bg-line/60', className)} />

const SHAPES = {
  rows: (
    <div className="flex flex-col gap-5 pt-4">
      {['w-5/12', 'w-7/12', 'w-4/12', 'w-6/12', 'w-5/12'].map((width, row) => (
        // Still blocks have no identity beyond their place.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={row} className="flex gap-8"><Block className={clsx('h-4', width)} /><Block className="h-4 w-16" /><Block className="h-4 w-24" /></div>
      ))}
    </div>
  ),
  text: (
    <div className="flex max-w-2xl flex-col gap-3 pt-4">
      <Block className="mb-3 h-7 w-1/2" /><Block className="h-4 w-full" /><Block className="h-4 w-11/12" /><Block className="h-4 w-full" /><Block className="h-4 w-2/3" />
    </div>
  ),
} as const

interface LoadingProps {
  shape?: keyof typeof SHAPES
  what: string
  onRetry?: () => void
}

/** Nothing for 150 ms, then still blocks in the shape of what comes, after 8 s a word and a way out. */
export function Loading({ shape = 'rows', what, onRetry }: LoadingProps) {
  const visible = useAfter(QUIET_MILLISECONDS)
  const long = useAfter(LONG_MILLISECONDS)
  if (!visible) return <div aria-busy className="min-h-40" />
  return (
    <div aria-busy className="min-h-40">
      <span className="sr-only" role="status">Loading {what}</span>
      {SHAPES[shape]}
      {long && (
        <p className="mt-6 flex items-center gap-3 text-xs text-ink-2">
          Still loading {what}. {onRetry && <Button size="sm" onClick={onRetry}>Retry</Button>}
        </p>
      )}
    </div>
  )
}

interface ErrorStateProps {
  what: string
  error: unknown
  onRetry?: () => void
}

/** An error in place: what failed, what is safe, a way on, an id to quote. */
export function ErrorState({ what, error, onRetry }: ErrorStateProps) {
  const id = isProblem(error) ? error.requestId : null
  return (
    <div role="alert" className="my-6 max-w-xl border-l-2 border-vermilion py-1 pl-4">
      <p className="font-medium">{what} could not be loaded.</p>
      <p className="text-ink-2">{sentenceOf(error)} Nothing was changed.</p>
      <div className="mt-3 flex items-center gap-3">
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
        {id && <span className="font-mono text-2xs text-ink-3">{id}</span>}
      </div>
    </div>
  )
}

interface EmptyProps {
  title: string
  text?: string
  children?: ReactNode
}

/** An empty list: what the thing is for, and the first step. */
export function Empty({ title, text, children }: EmptyProps) {
  return (
    <div className="flex max-w-xl flex-col items-start gap-3 py-10">
      <p className="font-serif text-lg">{title}</p>
      {text && <p className="text-ink-2">{text}</p>}
      {children && <div className="flex flex-wrap gap-2">{children}</div>}
    </div>
  )
}

interface Waiting<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

interface LoadedProps<T> {
  query: Waiting<T>
  what: string
  shape?: keyof typeof SHAPES
  children: (data: T) => ReactNode
}

/** The three states of a query in one place: what is there is shown, also while it is fetched again. */
export function Loaded<T>({ query, what, shape = 'rows', children }: LoadedProps<T>) {
  const retry = () => void query.refetch()
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <ErrorState what={`The ${what}`} error={query.error} onRetry={retry} />
  return <Loading shape={shape} what={what} onRetry={retry} />
}
