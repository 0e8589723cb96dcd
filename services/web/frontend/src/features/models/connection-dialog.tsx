import { useState } from 'react'
import { Field, Select, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { KINDS, type ProviderKind, PROVIDERS } from '@/features/models/providers'
import { useConnectionChanges } from '@/features/models/use-gateway-changes'
import { isProblem } from '@/lib/api/problem'
import type { Connection } from '@/lib/api/types'
import { refusedFields } from '@/lib/refused-fields'

const NAME = /^[a-z][a-z0-9-]{0,39}$/
const CHANGED = 'Somebody changed this connection in the meantime. Close this and open it again.'

interface ConnectionDialogProps {
  project: string
  /** What is changed. One of the installation's is a proposal for one of the project's own. */
  from: Connection | null
  onClose: () => void
}

/** Add an account at a provider, or change it. A key that is there is kept unless another one is typed. */
export function ConnectionDialog({ project, from, onClose }: ConnectionDialogProps) {
  const { save } = useConnectionChanges(project)
  const connection = from?.origin === 'project' ? from : null
  const [provider, setProvider] = useState<ProviderKind>(from && from.provider !== 'simulator' ? from.provider : 'openai')
  const [name, setName] = useState(from?.name ?? 'openai')
  const [address, setAddress] = useState(connection?.base_url ?? '')
  const [key, setKey] = useState('')
  const { label, address: kind, example } = PROVIDERS[provider]
  const moved = connection !== null && (provider !== connection.provider || address.trim() !== (connection.base_url ?? ''))
  const refused = refusedFields(isProblem(save.error, 409) ? new Error(CHANGED) : save.error, ['name', 'provider', 'base_url', 'api_key'])
  const reason = !NAME.test(name) ? 'Give the connection a name of small letters, digits and hyphens.' : kind === 'needed' && address.trim() === '' ? `Say where ${label} is reached.` : null
  const choose = (next: ProviderKind) => {
    // A name that was only proposed follows the provider.
    if (connection === null && name === provider) setName(next)
    setProvider(next)
  }
  const submit = () =>
    save.mutate(
      { id: connection?.id ?? null, revision: connection?.revision ?? 0, name, provider, base_url: address.trim() || null, api_key: key.trim() || null },
      { onSuccess: onClose },
    )
  return (
    <FormDialog title={connection ? `Change ${connection.name}` : 'Add connection'} submit={connection ? 'Save connection' : 'Add connection'} pending={save.isPending} reason={reason} refused={refused.rest} onSubmit={submit} onClose={onClose}>
      <Field label="Provider" error={refused.fields.provider}>
        {(ids) => <Select {...ids} value={provider} onChange={(event) => choose(event.target.value as ProviderKind)}>{KINDS.map((each) => <option key={each} value={each}>{PROVIDERS[each].label}</option>)}</Select>}
      </Field>
      <Field label="Name" hint={`Models are called ${name || 'name'}/… . The name of one of the installation’s connections takes its place.`} error={refused.fields.name}>
        {(ids) => <TextInput {...ids} className="font-mono" maxLength={40} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Address" optional={kind === 'own'} hint={kind === 'own' ? `Without one: ${example}` : `For instance ${example}`} error={refused.fields.base_url}>
        {(ids) => <TextInput {...ids} type="url" className="font-mono" maxLength={500} value={address} onChange={(event) => setAddress(event.target.value)} />}
      </Field>
      <Field label="API key" optional={provider === 'compatible'} hint={keyHint(connection, moved)} error={refused.fields.api_key}>
        {(ids) => <TextInput {...ids} type="password" autoComplete="off" className="font-mono" maxLength={500} value={key} onChange={(event) => setKey(event.target.value)} />}
      </Field>
    </FormDialog>
  )
}

function keyHint(connection: Connection | null, moved: boolean): string {
  if (!connection?.key_hint) return 'It is stored sealed. Nobody can read it again, only replace it.'
  if (moved) return 'The stored key was meant for another place and is cleared: type the key for the new one.'
  return `The stored key ends in ${connection.key_hint}. Leave this empty to keep it.`
}
