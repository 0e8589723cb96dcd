import { useState } from 'react'
import { Checkbox, Field, Select, TextArea, TextInput } from '@/components/field'
import type { MergedParameter } from '@/features/prompts/merge-parameters'
import type { PromptDraft } from '@/features/prompts/use-prompt-draft'
import type { Parameter, ParameterType } from '@/lib/api/types'
import { initialFields, readFields } from '@/lib/form-values'

const TYPES: Record<ParameterType, string> = { string: 'Line of text', text: 'Long text', number: 'Number', boolean: 'Yes or no', enum: 'Choice', list: 'List', json: 'JSON' }

/** The parameters of a prompt: found in the text, described by the author. */
export function ParametersPanel({ draft, refusal }: { draft: PromptDraft; refusal: string | null }) {
  if (draft.parameters.length === 0) return <p className="text-xs text-ink-2">No parameters yet. Write <code className="font-mono text-lapis">{'{{ name }}'}</code> in the text where a value goes, and it appears here.</p>
  return (
    <ul className="flex flex-col divide-y divide-line">
      {draft.parameters.map((merged) => <ParameterRow key={merged.parameter.name} merged={merged} disabled={refusal !== null || merged.vanished} onChange={(part) => draft.setParameter(merged.parameter.name, part)} />)}
    </ul>
  )
}

interface ParameterRowProps {
  merged: MergedParameter
  disabled: boolean
  onChange: (part: Partial<Parameter>) => void
}

function ParameterRow({ merged: { parameter, vanished }, disabled, onChange }: ParameterRowProps) {
  return (
    <li className="flex flex-col gap-2 py-4 first:pt-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 className={`min-w-0 font-mono text-sm break-all ${vanished ? 'text-ink-3 line-through' : 'text-lapis'}`}>{parameter.name}</h2>
        {vanished && <span className="text-2xs text-ink-3">No longer in the text; left out of the next commit</span>}
        <Select aria-label={`Type of ${parameter.name}`} disabled={disabled} className="!w-36" value={parameter.type} onChange={(event) => onChange({ type: event.target.value as ParameterType, default: null })}>
          {Object.entries(TYPES).map(([type, words]) => <option key={type} value={type}>{words}</option>)}
        </Select>
        <Checkbox label="Required" disabled={disabled} checked={parameter.required ?? true} onChange={(event) => onChange({ required: event.target.checked })} />
      </div>
      <TextInput aria-label={`Description of ${parameter.name}`} placeholder="What goes here?" maxLength={500} disabled={disabled} value={parameter.description ?? ''} onChange={(event) => onChange({ description: event.target.value })} />
      <details className="text-xs">
        <summary className="w-fit cursor-pointer rounded text-ink-2">{summaryOf(parameter)}</summary>
        <div className="grid gap-3 pt-2 sm:grid-cols-2">
          <DefaultField key={parameter.type} parameter={parameter} disabled={disabled} onChange={onChange} />
          <Limits parameter={parameter} disabled={disabled} onChange={onChange} />
        </div>
      </details>
    </li>
  )
}

function summaryOf({ default: value, choices }: Parameter): string {
  const parts = [value === null || value === undefined ? 'No default' : `Default: ${typeof value === 'string' ? value : JSON.stringify(value)}`]
  if (choices?.length) parts.push(choices.join(' · '))
  return parts.join(' · ')
}

/** Typed text that is not a value of the type yet stays in the field with the reason, and is not taken over. */
function DefaultField({ parameter, disabled, onChange }: Omit<ParameterRowProps, 'merged'> & { parameter: Parameter }) {
  const optional = { ...parameter, required: false }
  const [field, setField] = useState(() => initialFields([optional])[parameter.name] ?? '')
  const { errors } = readFields([optional], { [parameter.name]: field })
  const write = (value: string | boolean) => {
    setField(value)
    const read = readFields([optional], { [parameter.name]: value })
    if (!read.errors[parameter.name]) onChange({ default: read.values[parameter.name] ?? null })
  }
  if (parameter.type === 'boolean') return <Checkbox label="Yes by default" disabled={disabled} checked={field === true} onChange={(event) => write(event.target.checked)} />
  const long = parameter.type === 'text' || parameter.type === 'list' || parameter.type === 'json'
  return (
    <Field label="Default" error={errors[parameter.name]} hint={parameter.type === 'list' ? 'One item a line' : undefined}>
      {(ids) => {
        const shared = { ...ids, disabled, value: String(field) }
        return long ? <TextArea {...shared} onChange={(event) => write(event.target.value)} /> : <TextInput {...shared} onChange={(event) => write(event.target.value)} />
      }}
    </Field>
  )
}

function Limits({ parameter, disabled, onChange }: Omit<ParameterRowProps, 'merged'> & { parameter: Parameter }) {
  if (parameter.type === 'enum') {
    return (
      <Field label="Choices" hint="One a line">
        {(ids) => <TextArea {...ids} disabled={disabled} defaultValue={parameter.choices?.join('\n') ?? ''} onChange={(event) => onChange({ choices: event.target.value.split('\n').map((line) => line.trim()).filter(Boolean) })} />}
      </Field>
    )
  }
  if (parameter.type === 'number') return <Pair labels={['Smallest', 'Largest']} values={[parameter.minimum, parameter.maximum]} disabled={disabled} onChange={(minimum, maximum) => onChange({ minimum, maximum })} />
  if (parameter.type === 'string' || parameter.type === 'text') return <Pair labels={['Shortest', 'Longest']} values={[parameter.min_length, parameter.max_length]} disabled={disabled} onChange={(min_length, max_length) => onChange({ min_length, max_length })} />
  return null
}

interface PairProps {
  labels: [string, string]
  values: [number | null | undefined, number | null | undefined]
  disabled: boolean
  onChange: (low: number | null, high: number | null) => void
}

const numberOf = (text: string): number | null => (text.trim() === '' ? null : Number(text))

function Pair({ labels, values: [low, high], disabled, onChange }: PairProps) {
  return (
    <div className="grid grid-cols-2 gap-2">
      <Field label={labels[0]}>{(ids) => <TextInput {...ids} type="number" disabled={disabled} value={low ?? ''} onChange={(event) => onChange(numberOf(event.target.value), high ?? null)} />}</Field>
      <Field label={labels[1]}>{(ids) => <TextInput {...ids} type="number" disabled={disabled} value={high ?? ''} onChange={(event) => onChange(low ?? null, numberOf(event.target.value))} />}</Field>
    </div>
  )
}
