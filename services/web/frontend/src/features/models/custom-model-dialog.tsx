import { useState } from 'react'
import { Button } from '@/components/button'
import { Checkbox, Field, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { ALL_CAPABILITIES, CAPABILITIES } from '@/features/models/capabilities'
import type { CatalogueRow } from '@/features/models/catalogue-table'
import { useModelChanges } from '@/features/models/use-gateway-changes'
import { numberFrom, refusedFields } from '@/lib/refused-fields'

const FIELDS = {
  context_tokens: { label: 'Context, tokens', whole: true },
  max_output_tokens: { label: 'Longest answer, tokens', whole: true },
  input_usd_per_million: { label: 'Price in, $ per million', whole: false },
  cached_input_usd_per_million: { label: 'Price of cached input, $ per million', whole: false },
  output_usd_per_million: { label: 'Price out, $ per million', whole: false },
} as const

type FieldName = keyof typeof FIELDS
const NAMES = Object.keys(FIELDS) as FieldName[]

/** A figure of the catalogue stands in the field as a hint; only what is typed is said by the project. */
export function CustomModelDialog({ project, row, onClose }: { project: string; row: CatalogueRow | null; onClose: () => void }) {
  const { save, remove } = useModelChanges(project)
  const [model, setModel] = useState(row?.id ?? '')
  const [texts, setTexts] = useState<Record<FieldName, string>>(() => Object.fromEntries(NAMES.map((name) => [name, String(row?.custom?.[name] ?? '')])) as Record<FieldName, string>)
  const [capabilities, setCapabilities] = useState(() => new Set(row?.custom?.capabilities ?? row?.capabilities))
  const [retires, setRetires] = useState(row?.custom?.retires_on ?? '')
  const wrong = NAMES.find((name) => !isFigure(texts[name], FIELDS[name].whole))
  const refused = refusedFields(save.error, ['model', 'retires_on', 'capabilities', ...NAMES])
  const reason = !/^[^\s/]+\/\S+$/.test(model) ? 'Name the model as connection/model.' : wrong ? `${FIELDS[wrong].label} is not a figure.` : null
  const submit = () => {
    const figures = Object.fromEntries(NAMES.map((name) => [name, texts[name].trim() || null])) as Record<FieldName, string | null>
    save.mutate(
      { ...figures, context_tokens: numberFrom(texts.context_tokens) ?? null, max_output_tokens: numberFrom(texts.max_output_tokens) ?? null, model, capabilities: [...capabilities], retires_on: retires || null },
      { onSuccess: onClose },
    )
  }
  const forget = () => remove.mutate(model, { onSuccess: onClose })
  const toggle = (capability: (typeof ALL_CAPABILITIES)[number]) => {
    const next = new Set(capabilities)
    if (!next.delete(capability)) next.add(capability)
    setCapabilities(next)
  }
  return (
    <FormDialog
      title={row ? `Describe ${row.id}` : 'Describe a model'}
      description="What you fill in replaces what the catalogue says; an empty field leaves it."
      submit="Save description"
      pending={save.isPending}
      reason={reason}
      refused={refused.rest}
      aside={row?.custom && <Button variant="danger" pending={remove.isPending} onClick={forget}>Forget description</Button>}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="Model" hint="connection/model, as the provider writes it" error={refused.fields.model}>
        {(ids) => <TextInput {...ids} className="font-mono" readOnly={row !== null} maxLength={200} placeholder="ollama/llama3.3" value={model} onChange={(event) => setModel(event.target.value)} />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        {NAMES.map((name) => (
          <Field key={name} label={FIELDS[name].label} optional error={refused.fields[name]}>
            {(ids) => <TextInput {...ids} inputMode="decimal" className="tabular" placeholder={known(row, name)} value={texts[name]} onChange={(event) => setTexts({ ...texts, [name]: event.target.value })} />}
          </Field>
        ))}
        <Field label="Retires on" optional error={refused.fields.retires_on}>{(ids) => <TextInput {...ids} type="date" value={retires} onChange={(event) => setRetires(event.target.value)} />}</Field>
      </div>
      <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
        <legend className="text-xs font-medium">It can</legend>
        {ALL_CAPABILITIES.map((each) => <Checkbox key={each} label={CAPABILITIES[each]} checked={capabilities.has(each)} onChange={() => toggle(each)} />)}
      </fieldset>
    </FormDialog>
  )
}

function isFigure(text: string, whole: boolean): boolean {
  const value = numberFrom(text)
  return value !== undefined && (value === null || !whole || (Number.isInteger(value) && value > 0))
}

/** What the catalogue says, where this is not said by the project itself. */
function known(row: CatalogueRow | null, name: FieldName): string {
  if (!row || row.custom || name === 'cached_input_usd_per_million') return ''
  const figure = row[name]
  return figure === null || figure === undefined ? 'unknown' : String(figure)
}
