import { useMemo, useState } from 'react'
import { Button } from '@/components/button'
import { DaysTable } from '@/features/usage/days-table'
import { daysOf, type Period } from '@/features/usage/period'
import { type Bar, MOST_SERIES, StackedBars } from '@/features/usage/stacked-bars'
import { type Group, GROUPS, type Measure, MEASURES } from '@/features/usage/usage-search'
import { type DayStack, type GroupSums, stacksOf } from '@/features/usage/usage-sums'
import { dayLabel, dayWords, finding, valueWords } from '@/features/usage/usage-words'
import type { UsageSum } from '@/lib/api/types'

const REST = 'Everything else'

interface UsageChartProps {
  rows: readonly UsageSum[]
  groups: readonly GroupSums[]
  measure: Measure
  by: Group
  period: Period
  name: (group: string) => string
}

/** The days of a period as stacked bars, with what they show in words; the same as a table on demand. */
export function UsageChart({ rows, groups, measure, by, period, name }: UsageChartProps) {
  const [asTable, setAsTable] = useState(false)
  // The last colour is for the rest, unless there is none.
  const drawn = useMemo(() => groups.slice(0, groups.length > MOST_SERIES ? MOST_SERIES - 1 : MOST_SERIES).map(({ group }) => group), [groups])
  const stacks = useMemo(() => stacksOf(rows, daysOf(period), drawn, measure), [rows, period, drawn, measure])
  const series = [...drawn.map(name), ...(groups.length > drawn.length ? [REST] : [])]
  const title = `${MEASURES[measure]} by day and ${GROUPS[by].replace(/^[A-Z](?!P)/, (letter) => letter.toLowerCase())}`
  return (
    <figure aria-label={title}>
      <figcaption className="mb-3 flex flex-wrap items-start gap-x-4 gap-y-1">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="font-serif text-md">{title}</h2>
          <p className="text-sm text-ink-2">{finding(stacks, groups, measure, name)}</p>
        </div>
        <Button size="sm" variant="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{asTable ? 'Show as chart' : 'Show as table'}</Button>
      </figcaption>
      {asTable
        ? <DaysTable label={title} series={series} stacks={stacks} measure={measure} />
        : <StackedBars label={title} series={series} bars={stacks.map((stack) => barOf(stack, series, measure))} scale={(value) => valueWords(value, measure, true)} />}
    </figure>
  )
}

function barOf({ day, parts, total }: DayStack, series: readonly string[], measure: Measure): Bar {
  const shares = series.flatMap((name, place) => ((parts[place] ?? 0) > 0 ? [`${name} ${valueWords(parts[place] ?? 0, measure)}`] : []))
  return { id: day, label: dayLabel(day), parts, total, words: `${dayWords(day)}: ${valueWords(total, measure)}${shares.length > 0 ? `, of which ${shares.join(', ')}` : ''}.` }
}
