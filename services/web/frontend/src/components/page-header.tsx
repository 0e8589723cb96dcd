import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export interface Crumb {
  label: string
  link: LinkProps
}

const NO_CRUMBS: readonly Crumb[] = []

interface PageHeaderProps {
  title: string
  crumbs?: readonly Crumb[]
  /** Replaces the plain title, e.g. by one that can be edited. It must contain the h1. */
  heading?: ReactNode
  /** Save state, connection words, badges. */
  status?: ReactNode
  actions?: ReactNode
}

/** The top of each page: where it is, what it is, what can be done. */
export function PageHeader({ title, crumbs = NO_CRUMBS, heading, status, actions }: PageHeaderProps) {
  return (
    <header className="sticky top-0 z-20 flex min-h-14 shrink-0 flex-wrap bg-paper items-center gap-x-4 gap-y-2 border-b border-line px-5 py-2 max-sm:px-4">
      <title>{`${title} · Scriptorium`}</title>
      <div className="min-w-0 flex-1 basis-60">
        {crumbs.length > 0 && (
          <nav aria-label="Breadcrumb">
            <ol className="flex gap-1 text-2xs text-ink-3">
              {crumbs.map(({ label, link }) => (
                <li key={label} className="flex gap-1">
                  <Link {...link} className="rounded hover:text-ink hover:underline">{label}</Link>
                  <span aria-hidden>/</span>
                </li>
              ))}
            </ol>
          </nav>
        )}
        {heading ?? <PageTitle>{title}</PageTitle>}
      </div>
      {status && <div className="flex flex-wrap items-center gap-2 text-xs text-ink-2">{status}</div>}
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}

/** The one h1 of a page; it takes the focus when the page is reached. */
export function PageTitle({ children }: { children: ReactNode }) {
  return <h1 id="page-title" tabIndex={-1} className="truncate font-serif text-lg leading-7">{children}</h1>
}
