import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '@/components/button'
import { Field, TextInput } from '@/components/field'
import { FormDialog } from '@/components/form-dialog'
import { ModelSelect } from '@/components/model-select'
import { useAliasChanges } from '@/features/models/use-gateway-changes'
import type { ModelAlias } from '@/lib/api/types'
import { refusedFields } from '@/lib/refused-fields'

const NAME = /^[a-z][a-z0-9.-]{0,79}$/
const MOST_TARGETS = 8

interface Target {
  id: number
  model: string | null
}

/** Name a chain of models, or change it. */
export function AliasDialog({ project, alias, taken, onClose }: { project: string; alias: ModelAlias | null; taken: readonly string[]; onClose: () => void }) {
  const { save } = useAliasChanges(project)
  const [name, setName] = useState(alias?.name ?? '')
  const [targets, setTargets] = useState<Target[]>(() => (alias?.targets ?? [null]).map((model, id) => ({ id, model })))
  const models = targets.flatMap(({ model }) => model ?? [])
  const refused = refusedFields(save.error, ['name', 'targets'])
  const add = () => setTargets([...targets, { id: Math.max(-1, ...targets.map(({ id }) => id)) + 1, model: null }])
  return (
    <FormDialog title={alias ? `Change ${alias.name}` : 'Add alias'} submit={alias ? 'Save alias' : 'Add alias'} pending={save.isPending} reason={problemOf(name, models, alias ? [] : taken)} refused={refused.rest} onSubmit={() => save.mutate({ name, targets: models }, { onSuccess: onClose })} onClose={onClose}>
      <Field label="Name" hint="Small letters, digits, dots and hyphens" error={refused.fields.name}>
        {(ids) => <TextInput {...ids} className="font-mono" maxLength={80} readOnly={alias !== null} value={name} placeholder="writer" onChange={(event) => setName(event.target.value)} />}
      </Field>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 text-xs font-medium">Models, in the order in which they are asked</legend>
        {targets.map((target, place) => (
          <TargetRow key={target.id} project={project} target={target} place={place} last={targets.length - 1} onChange={(model) => setTargets(targets.with(place, { ...target, model }))} onMove={(to) => setTargets(moved(targets, place, to))} onRemove={() => setTargets(targets.toSpliced(place, 1))} />
        ))}
        {refused.fields.targets && <p className="text-2xs text-vermilion">{refused.fields.targets}</p>}
        {targets.length < MOST_TARGETS && <Button size="sm" variant="quiet" className="self-start" onClick={add}><Plus />Add a model to fall back to</Button>}
      </fieldset>
    </FormDialog>
  )
}

interface TargetRowProps {
  project: string
  target: Target
  place: number
  last: number
  onChange: (model: string | null) => void
  onMove: (to: number) => void
  onRemove: () => void
}

function TargetRow({ project, target, place, last, onChange, onMove, onRemove }: TargetRowProps) {
  return (
    <div className="flex items-center gap-1">
      <ModelSelect aria-label={`Model ${place + 1}`} project={project} value={target.model} onChange={onChange} none="Choose a model" withDefault={false} />
      <IconButton label={`Move model ${place + 1} up`} reason={place === 0 ? 'It is asked first already.' : null} onClick={() => onMove(place - 1)}><ArrowUp /></IconButton>
      <IconButton label={`Move model ${place + 1} down`} reason={place === last ? 'It is asked last already.' : null} onClick={() => onMove(place + 1)}><ArrowDown /></IconButton>
      <IconButton label={`Take model ${place + 1} out`} reason={last === 0 ? 'An alias needs a model.' : null} onClick={onRemove}><X /></IconButton>
    </div>
  )
}

function moved(targets: readonly Target[], from: number, to: number): Target[] {
  const item = targets[from]
  return item ? targets.toSpliced(from, 1).toSpliced(to, 0, item) : [...targets]
}

function problemOf(name: string, models: readonly string[], taken: readonly string[]): string | null {
  if (!NAME.test(name)) return 'Give the alias a name: a small letter first, then letters, digits, dots and hyphens.'
  if (taken.includes(name)) return 'Another alias has this name.'
  if (models.length === 0) return 'Choose a model.'
  return new Set(models).size < models.length ? 'A model is named twice.' : null
}
