import { useMemo, useState } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { type Column, columnsFor, DataTable } from '@/components/data-table'
import { type Group, GROUPS } from '@/features/usage/usage-search'
import type { GroupSums } from '@/features/usage/usage-sums'
import { percent } from '@/features/usage/usage-words'
import { countText, moneyText } from '@/lib/format'

interface Row extends GroupSums {
  name: string
}

const column = columnsFor<Row>()
const NUMBER = { className: 'tabular text-right' }
const WIDE = { className: 'max-lg:hidden tabular text-right' }
const MIDDLE = { className: 'max-sm:hidden tabular text-right' }
const NO_KEYS: never[] = []

const number = (value: number) => <span className="text-xs text-ink-2">{countText(value)}</span>

const columnsOf = (by: Group): Column<Row>[] => [
  column.accessor('name', { header: GROUPS[by], sortFn: 'text', cell: ({ row }) => <NameCell row={row.original} /> }),
  column.accessor('calls', { header: 'Calls', sortFn: 'basic', meta: MIDDLE, cell: ({ row }) => number(row.original.calls) }),
  column.accessor('failed', { header: 'Failed', sortFn: 'basic', meta: WIDE, cell: ({ row }) => number(row.original.failed) }),
  column.accessor('hits', { header: 'From cache', sortFn: 'basic', meta: WIDE, cell: ({ row }) => number(row.original.hits) }),
  column.accessor('input', { header: 'Tokens in', sortFn: 'basic', meta: MIDDLE, cell: ({ row }) => number(row.original.input) }),
  column.accessor(({ cached, input }) => (input === 0 ? 0 : cached / input), { id: 'cached', header: 'Cached', sortFn: 'basic', meta: WIDE, cell: ({ row }) => <span className="text-xs text-ink-2">{percent(row.original.cached, row.original.input)}</span> }),
  column.accessor('output', { header: 'Tokens out', sortFn: 'basic', meta: MIDDLE, cell: ({ row }) => number(row.original.output) }),
  column.accessor('failedCost', { header: 'Lost', sortFn: 'basic', meta: WIDE, cell: ({ row }) => <span className="text-xs text-ink-2">{moneyText(String(row.original.failedCost))}</span> }),
  column.accessor('cost', { header: 'Cost', sortFn: 'basic', meta: NUMBER, cell: ({ row }) => <span className="text-xs">{costWords(row.original)}</span> }),
]

/** The groups of a period in figures. */
export function UsageTable({ groups, by, name }: { groups: readonly GroupSums[]; by: Group; name: (group: string) => string }) {
  const [sorting, setSorting] = useState([{ id: 'cost', desc: true }])
  const columns = useMemo(() => columnsOf(by), [by])
  const rows = groups.map((group) => ({ ...group, name: name(group.group) }))
  if (rows.length === 0) return null
  return <DataTable label={`Usage by ${GROUPS[by]}`} rows={rows} columns={columns} rowId={({ group }) => group} sorting={sorting} onSorting={setSorting} keys={NO_KEYS} />
}

function costWords({ calls, unpriced, cost }: GroupSums): string {
  return unpriced > 0 && unpriced === calls ? 'price unknown' : moneyText(String(cost))
}

function NameCell({ row }: { row: Row }) {
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
      <span className="break-words">{row.name}</span>
      {row.simulated > 0 && row.simulated === row.calls && <SimulatedBadge />}
      <span className="w-full text-2xs text-ink-3 sm:hidden">{countText(row.calls)} calls · {countText(row.input)} tokens in, {countText(row.output)} out</span>
    </div>
  )
}
