import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyButton } from '@/components/copy-button'
import { ParameterFields } from '@/components/parameter-fields'
import { answerOf, api } from '@/lib/api/client'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import type { Parameter } from '@/lib/api/types'
import { useDebounced } from '@/lib/debounced'
import { type FieldErrors, type FieldValues, initialFields, readFields, serverErrors } from '@/lib/form-values'
import { keepOfPerson, ofPerson } from '@/lib/person'

const DEBOUNCE_MILLISECONDS = 350

interface PreviewPanelProps {
  project: string
  promptId: string
  template: string
  parameters: readonly Parameter[]
}

/** A form that nobody has touched shows no faults. */
function ofTouched(errors: FieldErrors, samples: FieldValues): FieldErrors {
  return Object.fromEntries(Object.entries(errors).filter(([name]) => name in samples))
}

/** The text as a model would get it, with sample values; the server renders it. */
export function PreviewPanel({ project, promptId, template, parameters }: PreviewPanelProps) {
  const sampleKey = `sample.${promptId}`
  const [samples, setSamples] = useState<FieldValues>(() => ofPerson(sampleKey, {}))
  const fields = { ...initialFields(parameters), ...samples }
  const { values, errors } = readFields(parameters, fields)
  const wanted = useDebounced(JSON.stringify({ template, parameters, values }), DEBOUNCE_MILLISECONDS)
  const preview = useQuery({
    queryKey: [project, 'snippet', 'preview', promptId, wanted],
    queryFn: ({ signal }) => answerOf(api(project).POST('/api/prompts/{prompt_id}/preview', { signal, params: { path: { prompt_id: promptId } }, body: JSON.parse(wanted) })),
    placeholderData: keepPreviousData,
    enabled: Object.keys(errors).length === 0,
    gcTime: 30_000,
    retry: false,
  })
  const refused = serverErrors(parameters, isProblem(preview.error) ? preview.error.errors : [])
  const change = (next: FieldValues) => {
    setSamples(next)
    keepOfPerson(sampleKey, next)
  }
  return (
    <div className="flex flex-col gap-5">
      {parameters.length > 0 && <ParameterFields parameters={parameters} fields={fields} errors={{ ...refused.fields, ...ofTouched(errors, samples) }} onChange={change} />}
      {preview.error && Object.keys(refused.fields).length === 0 && <p role="alert" className="text-xs text-vermilion">{sentenceOf(preview.error)} {refused.rest.join(' ')}</p>}
      {Object.keys(errors).length > 0 && <p className="text-xs text-ink-2">Fill in sample values to see the text as a model gets it.</p>}
      {preview.data && (
        <section aria-label="Rendered text" aria-busy={preview.isPlaceholderData}>
          <div className="mb-2 flex items-center justify-between text-2xs text-ink-3">
            <span>{[...preview.data.text].length} characters</span>
            <CopyButton text={preview.data.text} label="Copy" size="sm" variant="quiet" />
          </div>
          <pre className="rounded-md border border-line bg-surface p-3 font-mono text-sm leading-relaxed whitespace-pre-wrap">{preview.data.text}</pre>
        </section>
      )}
    </div>
  )
}
