import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { Select } from '@/components/field'
import { PageHeader } from '@/components/page-header'
import { Loaded } from '@/components/states'
import { BudgetLines } from '@/features/usage/budget-lines'
import { CsvButton } from '@/features/usage/csv-button'
import { periodOf } from '@/features/usage/period'
import { UsageReport } from '@/features/usage/usage-report'
import { PERIODS, type PeriodName, type UsageSearch, usageChoice } from '@/features/usage/usage-search'
import { spanWords } from '@/features/usage/usage-words'
import { usageQuery } from '@/lib/api/gateway-queries'

/** What the project's models cost: sums, budgets, the days as a chart, the groups as a table, and what runs now. */
export function UsagePage({ project, running }: { project: string; running: ReactNode }) {
  const choice = usageChoice(useSearch({ from: '/$project/usage' }))
  const navigate = useNavigate({ from: '/$project/usage' })
  const [now] = useState(() => new Date())
  const period = useMemo(() => periodOf(choice.period, now), [choice.period, now])
  const query = useQuery(usageQuery(project, { since: period.before.since, until: period.until, by: choice.by }))
  const change = (part: UsageSearch) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  const choose = (
    <>
      <Select aria-label="Period" className="!w-36" value={choice.period} onChange={(event) => change({ period: event.target.value as PeriodName })}>
        {Object.entries(PERIODS).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
      </Select>
      <CsvButton project={project} question={{ since: period.since, until: period.until, by: choice.by }} />
    </>
  )
  return (
    <>
      <PageHeader title="Usage and cost" status={<span className="tabular">{spanWords(period)}, UTC</span>} actions={choose} />
      <div className="flex max-w-6xl flex-col gap-8 px-5 py-5 max-sm:px-4">
        <Loaded query={query} what="usage">
          {(report) => <UsageReport project={project} rows={report.items} by={report.by === choice.by ? choice.by : usageChoice({ by: report.by }).by} measure={choice.measure} period={period} now={now} onChange={change} />}
        </Loaded>
        <div className="grid gap-x-10 gap-y-8 lg:grid-cols-2">
          <BudgetLines project={project} />
          {running}
        </div>
      </div>
    </>
  )
}
