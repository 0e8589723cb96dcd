import { useState } from 'react'
import { Field, Select, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { useMoneyChanges } from '@/features/budgets/use-money-changes'
import type { Budget } from '@/lib/api/types'
import { moneyText } from '@/lib/format'
import { numberFrom, refusedFields } from '@/lib/refused-fields'

const HOURS: readonly (readonly [number, string])[] = [[1, '1 hour'], [24, '1 day'], [72, '3 days'], [168, '7 days'], [744, '31 days']]

/** Allow more for a while. */
export function RaiseDialog({ project, budget, name, onClose }: { project: string; budget: Budget; name: string; onClose: () => void }) {
  const { raise } = useMoneyChanges(project)
  const [more, setMore] = useState('')
  const [hours, setHours] = useState(24)
  const usd = numberFrom(more)
  const refused = refusedFields(raise.error, ['raised_usd', 'hours'])
  const reason = usd === null ? 'Say how much more may be spent.' : usd === undefined ? 'This is not a number.' : null
  const submit = () => raise.mutate({ id: budget.id, raised_usd: more.trim(), hours }, { onSuccess: onClose })
  return (
    <FormDialog title={`Raise the budget: ${name}`} description={`It allows ${moneyText(budget.limit_usd)}. The raise ends by itself; another one takes its place, and 0 ends it now.`} submit="Raise budget" pending={raise.isPending} reason={reason} refused={refused.rest} onSubmit={submit} onClose={onClose}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="US dollars more" error={usd === undefined ? 'Write a number, such as 5.' : refused.fields.raised_usd}>
          {(ids) => <TextInput {...ids} inputMode="decimal" className="tabular" placeholder="5" value={more} onChange={(event) => setMore(event.target.value)} />}
        </Field>
        <Field label="For" error={refused.fields.hours}>
          {(ids) => <Select {...ids} value={hours} onChange={(event) => setHours(Number(event.target.value))}>{HOURS.map(([each, words]) => <option key={each} value={each}>{words}</option>)}</Select>}
        </Field>
      </div>
    </FormDialog>
  )
}
