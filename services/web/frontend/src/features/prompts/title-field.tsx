import { useMutation } from '@tanstack/react-query'
import { WandSparkles } from 'lucide-react'
import { useEffect, useEffectEvent } from 'react'
import { Badge, SimulatedBadge } from '@/components/badge'
import { IconButton } from '@/components/button'
import { Field, TextInput } from '@/components/field'
import { useRefusal } from '@/components/use-can'
import type { NewPrompt } from '@/features/prompts/use-create-prompt'
import { answerOf, api } from '@/lib/api/client'
import { useDebounced } from '@/lib/debounced'

const PAUSE_MILLISECONDS = 600
/** Shorter texts do not say yet what they are about. */
const ENOUGH_CHARACTERS = 40

interface TitleFieldProps {
  project: string
  prompt: NewPrompt
  onChange: (part: Partial<NewPrompt>) => void
}

/** The title. A model names the prompt once, after a pause in the writing, unless a person typed here. */
export function TitleField({ project, prompt, onChange }: TitleFieldProps) {
  const refusal = useRefusal(project, 'prompts.generate')
  const suggest = useMutation({
    mutationFn: () => answerOf(api(project).POST('/api/titles', { body: { template: prompt.template, model: prompt.model } })),
    onSuccess: ({ title, simulated }) => onChange({ title, titleFrom: simulated ? 'simulator' : 'model' }),
  })
  const settled = useDebounced(prompt.template, PAUSE_MILLISECONDS)
  const suggestOnce = useEffectEvent(() => {
    if (prompt.titleFrom === 'nobody' && !refusal && suggest.isIdle) suggest.mutate()
  })
  // Asks the model, which is outside React, once the writing pauses.
  useEffect(() => {
    if (settled.trim().length >= ENOUGH_CHARACTERS) suggestOnce()
  }, [settled])
  const tooShort = prompt.template.trim() === '' ? 'Write the prompt first.' : null
  const suggested = prompt.titleFrom === 'model' || prompt.titleFrom === 'simulator'
  const hint = suggest.isError ? 'No title could be suggested. Write one yourself.' : null
  return (
    <Field label="Title" hint={hint}>
      {(ids) => (
        <div className="flex flex-wrap items-center gap-2">
          <TextInput {...ids} className="!w-auto min-w-0 flex-1" maxLength={200} value={prompt.title} placeholder={suggest.isPending ? 'Thinking of a title…' : 'Named by a model while you write'} onChange={(event) => onChange({ title: event.target.value, titleFrom: 'person' })} />
          <IconButton label="Suggest a title" pending={suggest.isPending} reason={refusal ?? tooShort} onClick={() => suggest.mutate()}><WandSparkles /></IconButton>
          {suggested && <span className="flex basis-full gap-2"><Badge tone="murex">Suggested</Badge>{prompt.titleFrom === 'simulator' && <SimulatedBadge />}</span>}
        </div>
      )}
    </Field>
  )
}
