import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Checkbox, Field, Select, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { CreatedKey } from '@/features/keys/created-key'
import { grantable, scopeWords, USUAL } from '@/features/keys/scopes'
import { useKeyChanges } from '@/features/keys/use-keys'
import { sessionQuery } from '@/lib/api/queries'
import { refusedFields } from '@/lib/refused-fields'

const DAY_MILLISECONDS = 86_400_000
const LIFETIMES: readonly (readonly [string, string])[] = [['30', '30 days'], ['90', '90 days'], ['365', 'a year'], ['', 'until it is revoked']]

/** Make a key for a program; afterwards its text is shown this once. */
export function CreateKeyDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const { create } = useKeyChanges(project)
  const capabilities = useQuery(sessionQuery(project)).data?.capabilities ?? []
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [scopes, setScopes] = useState<ReadonlySet<string>>(() => new Set(USUAL))
  if (create.data) return <CreatedKey project={project} created={create.data} onClose={onClose} />
  const offered = grantable(capabilities)
  const chosen = offered.filter((scope) => scopes.has(scope))
  const refused = refusedFields(create.error, ['name', 'scopes', 'expires_at'])
  const reason = name.trim() === '' ? 'Give the key a name that tells which program has it.' : chosen.length === 0 ? 'Choose what the key may do.' : null
  const toggle = (scope: string) => {
    const next = new Set(scopes)
    if (!next.delete(scope)) next.add(scope)
    setScopes(next)
  }
  const submit = () => create.mutate({ name: name.trim(), scopes: chosen, expires_at: days === '' ? null : endOf(Number(days)) })
  return (
    <FormDialog title="Create API key" description="For a program that works in this project. It can do no more than you." submit="Create key" pending={create.isPending} reason={reason} refused={refused.rest} onSubmit={submit} onClose={onClose}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" error={refused.fields.name}>{(ids) => <TextInput {...ids} maxLength={80} placeholder="Checkout service" value={name} onChange={(event) => setName(event.target.value)} />}</Field>
        <Field label="Works for" error={refused.fields.expires_at}>{(ids) => <Select {...ids} value={days} onChange={(event) => setDays(event.target.value)}>{LIFETIMES.map(([each, words]) => <option key={each} value={each}>{words}</option>)}</Select>}</Field>
      </div>
      <fieldset className="grid gap-x-4 sm:grid-cols-2">
        <legend className="mb-1 text-xs font-medium">It may</legend>
        {offered.map((scope) => <Checkbox key={scope} label={scopeWords(scope)} checked={scopes.has(scope)} onChange={() => toggle(scope)} />)}
      </fieldset>
      {refused.fields.scopes && <p className="text-2xs text-vermilion">{refused.fields.scopes}</p>}
    </FormDialog>
  )
}

/** Midnight after the last day, so that the same press within a day asks for the same key. */
function endOf(days: number): string {
  return `${new Date(Date.now() + (days + 1) * DAY_MILLISECONDS).toISOString().slice(0, 10)}T00:00:00Z`
}
