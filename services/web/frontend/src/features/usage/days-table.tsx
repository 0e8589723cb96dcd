import type { Measure } from '@/features/usage/usage-search'
import type { DayStack } from '@/features/usage/usage-sums'
import { dayWords, valueWords } from '@/features/usage/usage-words'

const NUMBER = 'tabular pl-4 text-right'

/** What the chart draws, in figures. */
export function DaysTable({ label, series, stacks, measure }: { label: string; series: readonly string[]; stacks: readonly DayStack[]; measure: Measure }) {
  return (
    // Scrolls by itself, so it must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={label} tabIndex={0} className="max-h-96 overflow-auto">
      <table className="w-full border-collapse text-xs" aria-label={label}>
        <thead className="sticky top-0 bg-paper">
          <tr className="border-b border-line text-2xs text-ink-3">
            <th scope="col" className="h-9 text-left font-medium">Day</th>
            {series.map((name) => <th key={name} scope="col" className={`${NUMBER} font-medium`}>{name}</th>)}
            <th scope="col" className={`${NUMBER} font-medium`}>Together</th>
          </tr>
        </thead>
        <tbody>
          {stacks.map(({ day, parts, total }) => (
            <tr key={day} className="border-b border-line">
              <th scope="row" className="h-8 pr-4 text-left font-normal whitespace-nowrap">{dayWords(day)}</th>
              {series.map((name, place) => <td key={name} className={`${NUMBER} text-ink-2`}>{valueWords(parts[place] ?? 0, measure)}</td>)}
              <td className={NUMBER}>{valueWords(total, measure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
