import type { ReactNode } from 'react'
import { SimulatedBadge } from '@/components/badge'

/** The quiet sheet that pages before the sign-in stand on. */
export function Gate({ title, lead, simulated = false, children }: { title: string; lead?: string; simulated?: boolean; children: ReactNode }) {
  return (
    <main className="grid min-h-full place-items-center p-4">
      <title>{`${title} · Scriptorium`}</title>
      <div className="w-full max-w-sm">
        <p className="mb-6 flex items-center gap-2 font-serif text-lg">
          <img src="/favicon.svg" alt="" className="size-7" />
          Scriptorium
          {simulated && <SimulatedBadge className="ml-auto" />}
        </p>
        <div className="rounded-lg border border-line bg-surface p-6 shadow-lift">
          <h1 className="font-serif text-xl leading-8">{title}</h1>
          {lead && <p className="mt-1 text-ink-2">{lead}</p>}
          <div className="mt-5">{children}</div>
        </div>
      </div>
    </main>
  )
}
