import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { Button } from '@/components/button'
import { Field, TextInput } from '@/components/field'
import { ModelSelect } from '@/components/model-select'
import { ParameterFields } from '@/components/parameter-fields'
import { useRefusal } from '@/components/use-can'
import { useGenerateDocument } from '@/features/documents/use-generate-document'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import { modelsQuery } from '@/lib/api/queries'
import type { PromptDetail } from '@/lib/api/types'
import { initialFields, readFields, serverErrors } from '@/lib/form-values'
import { ofPerson } from '@/lib/person'
import { useActions } from '@/lib/shortcuts'

interface GenerateFormProps {
  formId: string
  project: string
  prompt: PromptDetail
  values: Record<string, unknown> | null
  onClose: () => void
}

/** The form of one prompt's parameters. Errors appear after the first try, each beside its field. */
export function GenerateForm({ formId, project, prompt, values, onClose }: GenerateFormProps) {
  const { parameters } = prompt
  const form = useRef<HTMLFormElement>(null)
  const [fields, setFields] = useState(() => initialFields(parameters, values ?? ofPerson(`values.${prompt.id}`, {})))
  const [tried, setTried] = useState(false)
  const [model, setModel] = useState<string | null>(null)
  const [title, setTitle] = useState('')
  const generate = useGenerateDocument(project)
  const refusal = useRefusal(project, 'documents.generate')
  const read = readFields(parameters, fields)
  const refused = serverErrors(parameters, isProblem(generate.error) ? generate.error.errors : [])
  const errors = { ...refused.fields, ...(tried ? read.errors : {}) }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (refusal || generate.isPending) return
    if (Object.keys(read.errors).length > 0) return form.current?.querySelector<HTMLElement>(`[name="${Object.keys(read.errors)[0]}"]`)?.focus()
    generate.mutate({ prompt_id: prompt.id, version: prompt.latest_version, values: read.values, model, title: title.trim() || null, tags: [], max_output_tokens: null })
  }
  useActions([{ id: 'generate', label: 'Generate', group: 'Here', keys: '$mod+Enter', run: () => form.current?.requestSubmit() }])
  return (
    <form id={formId} ref={form} onSubmit={submit} noValidate className="flex flex-col gap-5">
      {parameters.length === 0 && <p className="text-xs text-ink-2">This prompt has no parameters: it can be generated as it is.</p>}
      <ParameterFields parameters={parameters} fields={fields} errors={errors} onChange={setFields} />
      <div className="grid gap-4 border-t border-line pt-5 sm:grid-cols-2">
        <Field label="Model">{(ids) => <ModelSelect {...ids} project={project} value={model} onChange={setModel} none={prompt.default_model ? `The prompt’s: ${prompt.default_model}` : 'Default'} />}</Field>
        <Field label="Title" optional>{(ids) => <TextInput {...ids} maxLength={200} value={title} placeholder={prompt.title} onChange={(event) => setTitle(event.target.value)} />}</Field>
      </div>
      {generate.isError && Object.keys(refused.fields).length === 0 && <p role="alert" className="text-xs text-vermilion">Nothing was generated. {sentenceOf(generate.error)} {refused.rest.join(' ')}</p>}
      <div className="flex flex-wrap items-center justify-end gap-2">
        <span className="mr-auto"><ModelNote project={project} model={model ?? prompt.default_model ?? null} /></span>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={generate.isPending} reason={refusal}>Generate</Button>
      </div>
    </form>
  )
}

/** Whether the chosen model is the simulator, said before anything is generated. */
function ModelNote({ project, model }: { project: string; model: string | null }) {
  const { data } = useQuery(modelsQuery(project))
  const chosen = data?.items.find(({ id }) => id === (model ?? data.default_model))
  if (chosen && !chosen.available) return <span className="text-xs text-ochre">{chosen.unavailable_reason}</span>
  return chosen?.simulated ? <SimulatedBadge /> : null
}
