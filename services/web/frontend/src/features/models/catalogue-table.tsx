import { Link } from '@tanstack/react-router'
import { FlaskConical, Pencil } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Badge, SimulatedBadge } from '@/components/badge'
import { buttonLook, IconButton } from '@/components/button'
import { type Column, columnsFor, DataTable, ROW_LINK } from '@/components/data-table'
import { CAPABILITIES, retiresSoon } from '@/features/models/capabilities'
import type { CustomModel, Model } from '@/lib/api/types'
import { countText, dayText, moneyText } from '@/lib/format'
import { writes } from '@/lib/writes'

export interface CatalogueRow extends Model {
  /** What an admin of the project says of it. */
  custom: CustomModel | null
}

interface CatalogueTableProps {
  project: string
  rows: readonly CatalogueRow[]
  /** The model that is taken when none is named. */
  standard: string
  refusal: string | null
  onDescribe: (row: CatalogueRow) => void
}

const column = columnsFor<CatalogueRow>()
const NUMBER = { className: 'max-md:hidden tabular text-right' }
const NO_KEYS: never[] = []

const price = (usd: string | null) => <span className="text-xs text-ink-2">{usd === null ? 'unknown' : moneyText(usd)}</span>

const columnsOf = ({ project, standard, refusal, onDescribe }: Omit<CatalogueTableProps, 'rows'>): Column<CatalogueRow>[] => [
  column.accessor('id', { header: 'Model', sortFn: 'alphanumeric', cell: ({ row }) => <ModelCell row={row.original} standard={standard} /> }),
  column.accessor((row) => row.context_tokens ?? -1, { id: 'context', header: 'Context', sortFn: 'basic', meta: NUMBER, cell: ({ row }) => <span className="text-xs text-ink-2">{row.original.context_tokens === null ? 'unknown' : countText(row.original.context_tokens)}</span> }),
  column.accessor((row) => Number(row.input_usd_per_million ?? -1), { id: 'input', header: 'In', sortFn: 'basic', meta: NUMBER, cell: ({ row }) => price(row.original.input_usd_per_million) }),
  column.accessor((row) => Number(row.output_usd_per_million ?? -1), { id: 'output', header: 'Out', sortFn: 'basic', meta: NUMBER, cell: ({ row }) => price(row.original.output_usd_per_million) }),
  column.display({ id: 'can', header: 'Can', meta: { className: 'max-lg:hidden' }, cell: ({ row }) => <span className="text-2xs text-ink-2">{row.original.capabilities?.map((each) => CAPABILITIES[each]).join(', ')}</span> }),
  column.accessor((row) => row.retires_on ?? '9999', { id: 'retires', header: 'Retires', sortFn: 'text', meta: { className: 'max-lg:hidden' }, cell: ({ row }) => <Retirement day={row.original.retires_on ?? null} /> }),
  column.display({
    id: 'actions', header: () => <span className="sr-only">Actions</span>, meta: { className: 'w-0 !pr-0' },
    cell: ({ row: { original: row } }) => (
      <div className="flex justify-end">
        {row.available && writes(row) && <Link to="/$project/playground" params={{ project }} search={{ model: row.id }} aria-label={`Try ${row.id}`} title="Try it" {...ROW_LINK} className={buttonLook({ variant: 'quiet', size: 'icon' })}><FlaskConical /></Link>}
        {!refusal && <IconButton label={`Describe ${row.id}`} onClick={() => onDescribe(row)}><Pencil /></IconButton>}
      </div>
    ),
  }),
]

/** The models with what they take, cost and can. */
export function CatalogueTable({ project, rows, standard, refusal, onDescribe }: CatalogueTableProps) {
  const [sorting, setSorting] = useState([{ id: 'id', desc: false }])
  const columns = useMemo(() => columnsOf({ project, standard, refusal, onDescribe }), [project, standard, refusal, onDescribe])
  return <DataTable label="Models" rows={rows} columns={columns} rowId={({ id }) => id} sorting={sorting} onSorting={setSorting} keys={NO_KEYS} />
}

function ModelCell({ row, standard }: { row: CatalogueRow; standard: string }) {
  return (
    <div className="min-w-0">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
        <span className="font-mono text-xs break-all">{row.id}</span>
        {row.id === standard && <Badge tone="lapis">Default</Badge>}
        {row.simulated && <SimulatedBadge />}
        {row.custom && <Badge>Described here</Badge>}
        {!row.available && <Badge tone="ochre">Not usable</Badge>}
      </p>
      {!row.available && row.unavailable_reason && <p className="text-2xs text-ink-3">{row.unavailable_reason}</p>}
      <p className="text-2xs text-ink-3 md:hidden">{row.input_usd_per_million === null ? 'price unknown' : `${moneyText(row.input_usd_per_million)} in, ${moneyText(row.output_usd_per_million)} out`}{row.context_tokens === null ? '' : ` · ${countText(row.context_tokens)} tokens`}</p>
    </div>
  )
}

function Retirement({ day }: { day: string | null }) {
  if (!day) return null
  return <span className={`text-xs whitespace-nowrap ${retiresSoon(day) ? 'text-ochre' : 'text-ink-2'}`}>{dayText(day)}</span>
}
