import {
  type ColumnDef, createColumnHelper, createSortedRowModel, type Row, rowSortingFeature, type SortingState, sortFn_alphanumeric, sortFn_basic, sortFn_text, tableFeatures, useTable,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { clsx } from 'clsx'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useRef } from 'react'
import { type Action, useActions } from '@/lib/shortcuts'

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, text: sortFn_text, basic: sortFn_basic },
})

export type Features = typeof features
/** Start the columns of a table of `T`. A column's `meta.className` also goes to its head. */
export const columnsFor = <T extends object>() => createColumnHelper<Features, T>()
// The value type of a column differs from column to column.
// oxlint-disable-next-line typescript/no-explicit-any
export type Column<T extends object> = ColumnDef<Features, T, any>

/** More rows than this are drawn only where they are looked at. */
const VIRTUAL_ROWS = 200
const ROW_PIXELS = 45

/** What a key does with the row that has the focus. */
export interface RowKey<T> extends Pick<Action, 'id' | 'label' | 'keys' | 'disabledReason'> {
  run: (row: T) => void
  /** The row goes away: the focus moves on to its neighbour. */
  removes?: boolean
}

interface DataTableProps<T extends object> {
  label: string
  rows: readonly T[]
  columns: Column<T>[]
  rowId: (row: T) => string
  sorting: SortingState
  onSorting: (sorting: SortingState) => void
  keys: readonly RowKey<T>[]
}

/** A sorted table; J and K walk its rows' first links, and `keys` act on the row with the focus. Give `rows` and `columns` a stable identity. */
export function DataTable<T extends object>({ label, rows, columns, rowId, sorting, onSorting, keys }: DataTableProps<T>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const table = useTable({
    features,
    columns,
    data: rows,
    getRowId: rowId,
    state: { sorting },
    enableSortingRemoval: false,
    onSortingChange: (next) => onSorting(typeof next === 'function' ? next(sorting) : next),
  })
  const sorted = table.getRowModel().rows
  const virtual = useRows(sorted.length, body)
  useRowKeys(body, keys, (id) => rows.find((row) => rowId(row) === id))
  const shown = virtual ? virtual.items.flatMap((index) => sorted[index] ?? []) : sorted
  return (
    <table className="w-full border-collapse text-sm" aria-label={label} aria-rowcount={sorted.length + 1}>
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id} className="border-b border-line text-left text-2xs text-ink-3">
            {group.headers.map((header) => {
              const direction = header.column.getIsSorted()
              return (
                <th key={header.id} scope="col" className={clsx('h-9 pr-4 font-medium', classOf(header.column.columnDef))} aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : undefined}>
                  {header.column.getCanSort() ? (
                    <button type="button" className="inline-flex min-h-6 items-center gap-1 rounded hover:text-ink" onClick={header.column.getToggleSortingHandler()}>
                      <table.FlexRender header={header} />
                      {direction === 'asc' && <ArrowUp className="size-3" aria-hidden />}
                      {direction === 'desc' && <ArrowDown className="size-3" aria-hidden />}
                    </button>
                  ) : (
                    <table.FlexRender header={header} />
                  )}
                </th>
              )
            })}
          </tr>
        ))}
      </thead>
      <tbody ref={body}>
        {virtual && <Spacer pixels={virtual.before} />}
        {shown.map((row) => <TableRow key={row.id} row={row} Render={table.FlexRender} />)}
        {virtual && <Spacer pixels={virtual.after} />}
      </tbody>
    </table>
  )
}

function classOf(definition: { meta?: unknown }): string | undefined {
  return (definition.meta as { className?: string } | undefined)?.className
}

interface TableRowProps<T extends object> {
  row: Row<Features, T>
  Render: ReturnType<typeof useTable<Features, T>>['FlexRender']
}

function TableRow<T extends object>({ row, Render }: TableRowProps<T>) {
  return (
    <tr data-row={row.id} className="group border-b border-line focus-within:bg-sunken/60 hover:bg-sunken/60">
      {row.getAllCells().map((cell) => (
        <td key={cell.id} className={clsx('h-11 py-1 pr-4 align-middle', classOf(cell.column.columnDef))}><Render cell={cell} /></td>
      ))}
    </tr>
  )
}

// An empty row that only holds the place of those which are not drawn.
// oxlint-disable-next-line jsx-a11y/control-has-associated-label
const Spacer = ({ pixels }: { pixels: number }) => (pixels > 0 ? <tr aria-hidden><td style={{ height: pixels }} /></tr> : null)

function useRows(count: number, body: { current: HTMLElement | null }) {
  const virtualizer = useVirtualizer({
    count,
    enabled: count > VIRTUAL_ROWS,
    getScrollElement: () => body.current?.closest('main') ?? null,
    estimateSize: () => ROW_PIXELS,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
  })
  if (count <= VIRTUAL_ROWS) return null
  const items = virtualizer.getVirtualItems()
  const first = items[0]
  const last = items.at(-1)
  return {
    items: items.map(({ index }) => index),
    before: (first?.index ?? 0) * ROW_PIXELS,
    after: (count - 1 - (last?.index ?? count - 1)) * ROW_PIXELS,
  }
}

/** Mark the link of a row that J and K go to. */
export const ROW_LINK = { 'data-row-link': '' }

const focusedRow = () => document.activeElement?.closest<HTMLElement>('[data-row]') ?? null

function useRowKeys<T>(body: { current: HTMLElement | null }, keys: readonly RowKey<T>[], rowOf: (id: string) => T | undefined): void {
  const move = (step: number) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])]
    const at = links.findIndex((link) => link.closest('[data-row]') === focusedRow())
    const next = at < 0 ? links[0] : links[at + step]
    next?.focus()
    return next !== undefined
  }
  const act = ({ run, removes }: RowKey<T>) => {
    const row = rowOf(focusedRow()?.dataset.row ?? '')
    if (!row) return
    if (removes && !move(1)) move(-1)
    run(row)
  }
  useActions([
    { id: 'next-row', label: 'Next row', group: 'Here', keys: 'j', run: () => move(1) },
    { id: 'previous-row', label: 'Previous row', group: 'Here', keys: 'k', run: () => move(-1) },
    ...keys.map((key): Action => ({ ...key, group: 'Here', run: () => act(key) })),
  ])
}
