import { useState } from 'react'
import { Field, Select, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { ScopeField, scopeOf } from '@/features/budgets/scope-field'
import { useMoneyChanges } from '@/features/budgets/use-money-changes'
import type { Budget } from '@/lib/api/types'
import { numberFrom, refusedFields } from '@/lib/refused-fields'

export const PERIODS: Record<Budget['period'], string> = { day: 'a day', week: 'a week', month: 'a month', total: 'in all, for ever' }

/** Set a budget, or change what it allows. */
export function BudgetDialog({ project, budget, scopeId, onClose }: { project: string; budget: Budget | null; scopeId: string | null; onClose: () => void }) {
  const { saveBudget } = useMoneyChanges(project)
  const [id, setId] = useState(budget ? budget.scope_id : scopeId)
  const [period, setPeriod] = useState<Budget['period']>(budget?.period ?? 'month')
  const [limit, setLimit] = useState(budget ? String(Number(budget.limit_usd)) : '')
  const usd = numberFrom(limit)
  const refused = refusedFields(saveBudget.error, ['scope', 'scope_id', 'period', 'limit_usd'])
  const reason = usd === null ? 'Say how much may be spent.' : usd === undefined ? 'The limit is not a number.' : null
  const submit = () => saveBudget.mutate({ scope: budget?.scope ?? scopeOf(id), scope_id: id, period, limit_usd: limit.trim() }, { onSuccess: onClose })
  return (
    <FormDialog title={budget ? 'Change budget' : 'Add budget'} description="Calls that could pass it are refused before they are made. What is spent already counts on." submit={budget ? 'Save budget' : 'Add budget'} pending={saveBudget.isPending} reason={reason} refused={refused.rest} onSubmit={submit} onClose={onClose}>
      <ScopeField project={project} value={id} fixed={budget !== null} error={refused.fields.scope_id ?? refused.fields.scope} onChange={setId} />
      <div className="grid items-end gap-4 sm:grid-cols-2">
        <Field label="US dollars" error={usd === undefined ? 'Write a number, such as 20.' : refused.fields.limit_usd}>
          {(ids) => <TextInput {...ids} inputMode="decimal" className="tabular" placeholder="20" value={limit} onChange={(event) => setLimit(event.target.value)} />}
        </Field>
        <Field label="Period" hint={period === 'total' ? undefined : 'It begins anew at midnight UTC.'} error={refused.fields.period}>
          {(ids) => <Select {...ids} disabled={budget !== null} value={period} onChange={(event) => setPeriod(event.target.value as Budget['period'])}>{Object.entries(PERIODS).map(([each, words]) => <option key={each} value={each}>{words}</option>)}</Select>}
        </Field>
      </div>
    </FormDialog>
  )
}
