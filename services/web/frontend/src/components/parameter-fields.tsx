import { Checkbox, Field, Select, TextArea, TextInput } from '@/components/field'
import type { Parameter } from '@/lib/api/types'
import type { FieldErrors, FieldValues } from '@/lib/form-values'

interface ParameterFieldsProps {
  parameters: readonly Parameter[]
  fields: FieldValues
  errors: FieldErrors
  onChange: (fields: FieldValues) => void
}

/** A form made from parameter types. It validates nothing by itself: it shows what it is told. */
export function ParameterFields({ parameters, fields, errors, onChange }: ParameterFieldsProps) {
  return (
    <div className="flex flex-col gap-4">
      {parameters.map((parameter) => (
        <ParameterField key={parameter.name} parameter={parameter} value={fields[parameter.name] ?? ''} error={errors[parameter.name]} onChange={(value) => onChange({ ...fields, [parameter.name]: value })} />
      ))}
    </div>
  )
}

interface ParameterFieldProps {
  parameter: Parameter
  value: string | boolean
  error: string | undefined
  onChange: (value: string | boolean) => void
}

function ParameterField({ parameter, value, error, onChange }: ParameterFieldProps) {
  const { name, type, required, description } = parameter
  if (type === 'boolean') {
    return (
      <div>
        <Checkbox label={wordsOf(name)} name={name} checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        {description && <p className="ml-6 text-2xs text-ink-3">{description}</p>}
      </div>
    )
  }
  return (
    <Field label={wordsOf(name)} optional={required === false} hint={hintOf(parameter)} error={error}>
      {(ids) => <Control parameter={parameter} ids={ids} value={String(value)} onChange={onChange} />}
    </Field>
  )
}

interface ControlProps {
  parameter: Parameter
  ids: { id: string }
  value: string
  onChange: (value: string) => void
}

function Control({ parameter: { name, type, choices, required }, ids, value, onChange }: ControlProps) {
  const shared = { ...ids, name, value, 'aria-required': required !== false }
  if (type === 'enum') {
    return (
      <Select {...shared} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose…</option>
        {choices?.map((choice) => <option key={choice}>{choice}</option>)}
      </Select>
    )
  }
  if (type === 'text') return <TextArea {...shared} rows={4} onChange={(event) => onChange(event.target.value)} />
  if (type === 'list') return <TextArea {...shared} rows={3} onChange={(event) => onChange(event.target.value)} />
  if (type === 'json') return <TextArea {...shared} rows={4} spellCheck={false} className="font-mono" onChange={(event) => onChange(event.target.value)} />
  return <TextInput {...shared} inputMode={type === 'number' ? 'decimal' : undefined} onChange={(event) => onChange(event.target.value)} />
}

function hintOf({ type, description, minimum, maximum }: Parameter): string | undefined {
  const range = typeof minimum === 'number' && typeof maximum === 'number' ? `${minimum} to ${maximum}` : ''
  const form = type === 'list' ? 'One item a line' : type === 'json' ? 'JSON' : range
  return [description, form].filter(Boolean).join(' · ') || undefined
}

/** `episode_count` reads as "Episode count". */
function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ').trim() || name
  return words.charAt(0).toUpperCase() + words.slice(1)
}
