import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

export interface Tab {
  id: string
  label: string
  count?: number
  /** Something happened in this tab that can be seen from the others. */
  news?: string | undefined
  content: ReactNode
}

/** Panels under tabs; arrows move between them. Hidden panels keep nothing. */
export function Tabs({ label, tabs, value, onChange }: { label: string; tabs: readonly Tab[]; value: string; onChange: (id: string) => void }) {
  return (
    <Radix.Root value={value} onValueChange={onChange} className="flex min-h-0 flex-1 flex-col">
      <Radix.List aria-label={label} className="flex shrink-0 gap-1 overflow-x-auto border-b border-line px-3">
        {tabs.map(({ id, label: name, count, news }) => (
          <Radix.Trigger key={id} value={id} className="-mb-px flex h-10 items-center gap-1.5 border-b-2 border-transparent px-2 text-xs text-ink-2 hover:text-ink data-[state=active]:border-lapis data-[state=active]:font-medium data-[state=active]:text-ink">
            {name}
            {count !== undefined && count > 0 && <span className="tabular text-2xs text-ink-3">{count}</span>}
            {news && <span className="size-1.5 rounded-full bg-murex"><span className="sr-only">{news}</span></span>}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map(({ id, content }) => (
        <Radix.Content key={id} value={id} className="min-h-0 flex-1 overflow-y-auto p-4">{content}</Radix.Content>
      ))}
    </Radix.Root>
  )
}
