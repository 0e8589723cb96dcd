import { useQuery } from '@tanstack/react-query'
import { Field, Select } from '@/components/field'
import { useNames } from '@/components/use-names'
import { keysQuery } from '@/lib/api/gateway-queries'
import { sessionQuery } from '@/lib/api/queries'
import type { Limit } from '@/lib/api/types'

interface ScopeFieldProps {
  project: string
  /** The id of a person or key; null is the whole project. */
  value: string | null
  /** It names what is changed, and so cannot be another one. */
  fixed: boolean
  error?: string | undefined
  onChange: (id: string | null) => void
}

/** The scope that an id belongs to: its kind is its beginning. */
export const scopeOf = (id: string | null): Limit['scope'] => (id === null ? 'project' : id.startsWith('ak_') ? 'key' : 'user')

/** Choose whom a budget or a limit is for. */
export function ScopeField({ project, value, fixed, error, onChange }: ScopeFieldProps) {
  const me = useQuery(sessionQuery(project)).data?.user
  const keys = useQuery(keysQuery(project)).data?.items.filter(({ revoked_at: revoked }) => revoked === null) ?? []
  const nameOf = useNames(project)
  const unknown = value !== null && value !== me?.id && !keys.some(({ id }) => id === value)
  return (
    <Field label="For" error={error}>
      {(ids) => (
        <Select {...ids} disabled={fixed} value={value ?? ''} onChange={(event) => onChange(event.target.value || null)}>
          <option value="">The whole project</option>
          {unknown && <option value={value}>{nameOf(value)}</option>}
          {me && <optgroup label="People"><option value={me.id}>{me.name}</option></optgroup>}
          {keys.length > 0 && <optgroup label="API keys">{keys.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>}
        </Select>
      )}
    </Field>
  )
}
