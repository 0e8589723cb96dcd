import { useState } from 'react'
import { Field, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { ScopeField, scopeOf } from '@/features/budgets/scope-field'
import { useMoneyChanges } from '@/features/budgets/use-money-changes'
import type { Limit } from '@/lib/api/types'
import { numberFrom, refusedFields } from '@/lib/refused-fields'

const FIELDS = { requests_per_minute: 'Requests a minute', tokens_per_minute: 'Tokens a minute', parallel: 'Calls at once' } as const
type FieldName = keyof typeof FIELDS
const NAMES = Object.keys(FIELDS) as FieldName[]

const isCount = (text: string): boolean => {
  const value = numberFrom(text)
  return value === null || (value !== undefined && Number.isInteger(value) && value > 0)
}

/** Set how fast a project, a person or a key may ask. */
export function LimitDialog({ project, limit, scopeId, onClose }: { project: string; limit: Limit | null; scopeId: string | null; onClose: () => void }) {
  const { saveLimit } = useMoneyChanges(project)
  const [id, setId] = useState(limit ? limit.scope_id : scopeId)
  const [texts, setTexts] = useState<Record<FieldName, string>>({ requests_per_minute: String(limit?.requests_per_minute ?? ''), tokens_per_minute: String(limit?.tokens_per_minute ?? ''), parallel: String(limit?.parallel ?? '') })
  const refused = refusedFields(saveLimit.error, ['scope', 'scope_id', ...NAMES])
  const wrong = NAMES.find((name) => !isCount(texts[name]))
  const reason = wrong ? `${FIELDS[wrong]} must be a whole number above 0.` : NAMES.every((name) => texts[name].trim() === '') ? 'Fill in at least one figure.' : null
  const submit = () => {
    const [requests, tokens, parallel] = NAMES.map((name) => numberFrom(texts[name]) ?? null)
    saveLimit.mutate({ scope: limit?.scope ?? scopeOf(id), scope_id: id, requests_per_minute: requests ?? null, tokens_per_minute: tokens ?? null, parallel: parallel ?? null }, { onSuccess: onClose })
  }
  return (
    <FormDialog title={limit ? 'Change limit' : 'Add limit'} description="Who asks faster is told to wait, and for how long. An empty field is no limit." submit={limit ? 'Save limit' : 'Add limit'} pending={saveLimit.isPending} reason={reason} refused={refused.rest} onSubmit={submit} onClose={onClose}>
      <ScopeField project={project} value={id} fixed={limit !== null} error={refused.fields.scope_id ?? refused.fields.scope} onChange={setId} />
      <div className="grid gap-4 sm:grid-cols-3">
        {NAMES.map((name) => (
          <Field key={name} label={FIELDS[name]} optional error={isCount(texts[name]) ? refused.fields[name] : 'A whole number above 0.'}>
            {(ids) => <TextInput {...ids} inputMode="numeric" className="tabular" value={texts[name]} onChange={(event) => setTexts({ ...texts, [name]: event.target.value })} />}
          </Field>
        ))}
      </div>
    </FormDialog>
  )
}
