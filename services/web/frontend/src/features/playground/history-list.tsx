import { When } from '@/components/when'
import type { Asked } from '@/features/playground/history'

/** What was asked since the page was opened; choosing one puts it back. */
export function HistoryList({ items, onChoose }: { items: readonly Asked[]; onChoose: (asked: Asked) => void }) {
  if (items.length === 0) return null
  return (
    <section aria-label="Asked before">
      <h2 className="border-b border-line pb-1.5 text-xs font-medium text-ink-2">Asked before <span className="font-normal text-ink-3">(kept until this page is closed)</span></h2>
      <ul className="divide-y divide-line">
        {items.map((asked) => (
          <li key={asked.id} className="flex flex-wrap items-baseline gap-x-3 py-1.5 text-xs">
            <button type="button" onClick={() => onChoose(asked)} className="min-h-6 w-full truncate rounded text-left hover:text-lapis">{asked.question.user}</button>
            <span className="min-w-0 flex-1 truncate font-mono text-2xs text-ink-3">{asked.answers.flatMap((answer) => answer?.model ?? []).join(', ')}</span>
            <span className="text-2xs text-ink-3"><When iso={asked.at} /></span>
          </li>
        ))}
      </ul>
    </section>
  )
}
