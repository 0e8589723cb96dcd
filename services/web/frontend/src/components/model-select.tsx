import { useQuery } from '@tanstack/react-query'
import type { ComponentProps } from 'react'
import { Select } from '@/components/field'
import { modelsQuery } from '@/lib/api/queries'
import type { Model } from '@/lib/api/types'

interface ModelSelectProps extends Omit<ComponentProps<'select'>, 'value' | 'onChange'> {
  project: string
  value: string | null
  onChange: (model: string | null) => void
  /** What choosing nothing means, e.g. "The prompt's model". */
  none: string
}

/** Choose a model; those without a key are listed with the reason, and cannot be chosen. */
export function ModelSelect({ project, value, onChange, none, ...rest }: ModelSelectProps) {
  const { data } = useQuery(modelsQuery(project))
  const providers = [...new Set(data?.items.map((model) => model.provider))]
  const known = value === null || (data?.items.some((model) => model.id === value) ?? false)
  return (
    <Select value={value ?? ''} onChange={(event) => onChange(event.target.value || null)} {...rest}>
      <option value="">{none}{data ? ` (${data.default_model})` : ''}</option>
      {!known && <option value={value ?? ''}>{value}</option>}
      {providers.map((provider) => (
        <optgroup key={provider} label={provider}>
          {data?.items.filter((model) => model.provider === provider).map((model) => <option key={model.id} value={model.id} disabled={!model.available}>{modelLabel(model)}</option>)}
        </optgroup>
      ))}
    </Select>
  )
}

function modelLabel(model: Model): string {
  if (!model.available) return `${model.name}: ${model.unavailable_reason ?? 'not available'}`
  return model.simulated ? `${model.name} (simulated)` : model.name
}
