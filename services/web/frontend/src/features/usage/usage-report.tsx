import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { buttonLook } from '@/components/button'
import { Segmented } from '@/components/segmented'
import { Empty } from '@/components/states'
import { useNames } from '@/components/use-names'
import { isWithin, type Period } from '@/features/usage/period'
import { UsageChart } from '@/features/usage/usage-chart'
import { UsageFigures } from '@/features/usage/usage-figures'
import { type Group, GROUPS, type Measure, MEASURES, type UsageSearch } from '@/features/usage/usage-search'
import { groupsOf, sumOf } from '@/features/usage/usage-sums'
import { UsageTable } from '@/features/usage/usage-table'
import { groupWords } from '@/features/usage/usage-words'
import type { UsageSum } from '@/lib/api/types'

interface UsageReportProps {
  project: string
  /** The rows of the period and of the one before. */
  rows: readonly UsageSum[]
  by: Group
  measure: Measure
  period: Period
  now: Date
  onChange: (part: UsageSearch) => void
}

/** Figures, chart and table of one period. */
export function UsageReport({ project, rows, by, measure, period, now, onChange }: UsageReportProps) {
  const present = useMemo(() => rows.filter(({ day }) => isWithin(day, period)), [rows, period])
  const before = useMemo(() => sumOf(rows.filter(({ day }) => isWithin(day, period.before))), [rows, period])
  const groups = useMemo(() => groupsOf(present, measure), [present, measure])
  const nameOf = useNames(project, useMemo(() => groups.map(({ group }) => group), [groups]))
  const sums = useMemo(() => sumOf(present), [present])
  const name = (group: string) => groupWords(group, by, nameOf)
  if (sums.calls === 0 && before.calls === 0) return <NothingYet project={project} />
  return (
    <>
      <UsageFigures sums={sums} before={before} period={period} now={now} />
      <div className="flex flex-wrap gap-x-6 gap-y-2">
        <Segmented label="Measure" choices={MEASURES} value={measure} onChange={(next) => onChange({ measure: next })} />
        <Segmented label="Group by" choices={GROUPS} value={by} onChange={(next) => onChange({ by: next })} />
      </div>
      <UsageChart rows={present} groups={groups} measure={measure} by={by} period={period} name={name} />
      <UsageTable groups={groups} by={by} name={name} />
    </>
  )
}

function NothingYet({ project }: { project: string }) {
  return (
    <Empty title="No model was asked in these days." text="Every call to a model is counted here with its tokens and its price: documents, improvements, the playground, and what other programs ask with an API key.">
      <Link to="/$project/playground" params={{ project }} className={buttonLook({ variant: 'primary' })}>Try a model</Link>
      <Link to="/$project/keys" params={{ project }} className={buttonLook({})}>Connect a program</Link>
    </Empty>
  )
}
