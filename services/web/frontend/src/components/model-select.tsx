import { useQuery } from '@tanstack/react-query'
import type { ComponentProps } from 'react'
import { Select } from '@/components/field'
import { aliasesQuery } from '@/lib/api/gateway-queries'
import { modelsQuery } from '@/lib/api/queries'
import type { Model } from '@/lib/api/types'
import { writes } from '@/lib/writes'

interface ModelSelectProps extends Omit<ComponentProps<'select'>, 'value' | 'onChange'> {
  project: string
  value: string | null
  onChange: (model: string | null) => void
  /** What choosing nothing means, e.g. "The prompt's model". */
  none: string
  /** False where choosing nothing means that something is missing. */
  withDefault?: boolean
  /** The project's names for chains of models can be chosen too. */
  aliases?: boolean
}

/** Choose a model that writes; those without a key are listed with the reason, and cannot be chosen. */
export function ModelSelect({ project, value, onChange, none, withDefault = true, aliases = false, ...rest }: ModelSelectProps) {
  const { data } = useQuery(modelsQuery(project))
  const { data: named } = useQuery({ ...aliasesQuery(project), enabled: aliases })
  const writers = data?.items.filter(writes) ?? []
  const providers = [...new Set(writers.map((model) => model.provider))]
  const known = value === null || [...(data?.items ?? []).map(({ id }) => id), ...(named?.items ?? []).map(({ name }) => name)].includes(value)
  return (
    <Select value={value ?? ''} onChange={(event) => onChange(event.target.value || null)} {...rest}>
      <option value="">{none}{data && withDefault ? ` (${data.default_model})` : ''}</option>
      {!known && <option value={value ?? ''}>{value}</option>}
      {aliases && named && named.items.length > 0 && <optgroup label="Aliases">{named.items.map(({ name, targets }) => <option key={name} value={name}>{name} ({targets[0]})</option>)}</optgroup>}
      {providers.map((provider) => (
        <optgroup key={provider} label={provider}>
          {writers.filter((model) => model.provider === provider).map((model) => <option key={model.id} value={model.id} disabled={!model.available}>{modelLabel(model)}</option>)}
        </optgroup>
      ))}
    </Select>
  )
}

function modelLabel(model: Model): string {
  if (!model.available) return `${model.name}: ${model.unavailable_reason ?? 'not available'}`
  return model.simulated ? `${model.name} (simulated)` : model.name
}
