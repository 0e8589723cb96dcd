import type { ReactNode } from 'react'

interface SectionProps {
  title: string
  /** What the things in it are for. */
  text?: string
  actions?: ReactNode
  children: ReactNode
}

/** A part of a page under a rule, with a heading of its own. */
export function Section({ title, text, actions, children }: SectionProps) {
  return (
    <section aria-label={title}>
      <header className="flex flex-wrap items-end gap-x-4 gap-y-2 border-b border-line pb-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="font-serif text-md">{title}</h2>
          {text && <p className="max-w-2xl text-xs text-ink-2">{text}</p>}
        </div>
        {actions}
      </header>
      {children}
    </section>
  )
}
