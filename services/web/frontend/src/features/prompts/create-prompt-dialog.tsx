import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Badge } from '@/components/badge'
import { Button } from '@/components/button'
import { ConfirmDialog, Dialog } from '@/components/dialog'
import { LazyEditor } from '@/components/editor/lazy-editor'
import { Field } from '@/components/field'
import { ModelSelect } from '@/components/model-select'
import { useTemplateWords } from '@/components/snippet-words'
import { useRefusal } from '@/components/use-can'
import { FoundInText } from '@/features/prompts/found-in-text'
import { ImportNotice } from '@/features/prompts/import-notice'
import { OptimizePanel } from '@/features/prompts/optimize-panel'
import { TitleField } from '@/features/prompts/title-field'
import { EMPTY_PROMPT, type NewPrompt, useCreatePrompt } from '@/features/prompts/use-create-prompt'
import { useOptimization } from '@/features/prompts/use-optimization'
import { useTemplateCheck } from '@/features/prompts/use-template-check'
import { promptQuery } from '@/lib/api/queries'
import { sentenceOf } from '@/lib/api/problem'
import { dropDraft } from '@/lib/drafts'
import { whenText } from '@/lib/format'
import { useFoundDraft, useKeptDraft } from '@/lib/use-draft'

interface CreatePromptDialogProps {
  project: string
  title?: string | undefined
  cloneOf?: string | undefined
  onClose: () => void
}

/** Waits for the prompt to clone, if there is one, and opens the dialog filled with it. */
export default function CreatePromptDialog({ project, title, cloneOf, onClose }: CreatePromptDialogProps) {
  const original = useQuery({ ...promptQuery(project, cloneOf ?? ''), enabled: cloneOf !== undefined })
  if (cloneOf !== undefined && !original.data) return null
  const start: NewPrompt = original.data
    ? { title: `${original.data.title} (copy)`, titleFrom: 'person', template: original.data.latest.template, model: original.data.default_model, parameters: original.data.latest.parameters }
    : { ...EMPTY_PROMPT, title: title ?? '', titleFrom: title ? 'person' : 'nobody' }
  return <OpenDialog project={project} start={start} draftKey={`${project}/new-prompt${cloneOf ? `/${cloneOf}` : ''}`} onClose={onClose} />
}

function OpenDialog({ project, start, draftKey, onClose }: { project: string; start: NewPrompt; draftKey: string; onClose: () => void }) {
  const found = useFoundDraft<NewPrompt>(draftKey)
  const [prompt, setPrompt] = useState(found?.value ?? start)
  const [asking, setAsking] = useState(false)
  const dirty = prompt.template.trim() !== '' && prompt.template !== start.template
  const save = useCreatePrompt(project, draftKey)
  useKeptDraft(draftKey, dirty && !save.isSuccess ? prompt : null)
  const check = useTemplateCheck(project, prompt.template)
  const words = useTemplateWords(project, check.parameters.map(({ name }) => name))
  const refusal = useRefusal(project, 'prompts.write')
  const optimization = useOptimization(project)
  const change = (part: Partial<NewPrompt>) => setPrompt((old) => ({ ...old, ...part }))
  const missing = prompt.template.trim() === '' ? 'Write the prompt first.' : prompt.title.trim() === '' ? 'Give the prompt a title.' : null
  const discard = () => {
    setPrompt(start)
    dropDraft(draftKey)
  }
  const footer = (
    <>
      {save.isError && <p role="alert" className="mr-auto text-xs text-vermilion">Not saved. {sentenceOf(save.error)} The text is still here.</p>}
      <Button onClick={() => (dirty ? setAsking(true) : onClose())}>Cancel</Button>
      <Button variant="primary" pending={save.isPending} reason={refusal ?? missing} onClick={() => save.mutate(prompt)}>Save Prompt</Button>
    </>
  )
  return (
    <Dialog title="Create New Prompt" size="tall" onClose={() => (dirty ? setAsking(true) : onClose())} footer={footer}>
      <div className="grid min-h-full gap-x-6 md:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)]">
        <div className="flex flex-col gap-4 p-5 md:pr-0">
          {found && <p className="flex flex-wrap items-center gap-2 text-xs text-ink-2"><Badge tone="ochre">Unsaved draft</Badge>from {whenText(found.savedAt)} <Button size="sm" variant="quiet" onClick={discard}>Start afresh</Button></p>}
          <TitleField project={project} prompt={prompt} onChange={change} />
          <div className="flex min-h-72 flex-1 flex-col gap-1">
            <p className="text-xs font-medium" id="raw-prompt">Prompt</p>
            <div className="min-h-0 flex-1 overflow-hidden rounded-md border border-edge focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-lapis">
              <LazyEditor label="Prompt" value={prompt.template} onChange={(template) => change({ template })} words={words} findings={check.findings} placeholder="What should the model do? {{ placeholders }} are filled in later, @snippets are inserted." />
            </div>
            <ImportNotice project={project} source={prompt.template} draftKey={draftKey} />
          </div>
          <Field label="Default model">{(ids) => <ModelSelect {...ids} project={project} value={prompt.model} onChange={(model) => change({ model })} none="Default of this installation" />}</Field>
        </div>
        <div className="flex flex-col gap-5 border-line p-5 max-md:border-t md:border-l">
          <OptimizePanel project={project} state={optimization} keeps="Save Prompt" template={prompt.template} model={prompt.model} onTake={(template) => change({ template })} />
          <FoundInText project={project} check={check} />
        </div>
      </div>
      {asking && (
        <ConfirmDialog
          title="Close without saving?"
          text="The prompt is not saved yet. It can stay on this device as an unsaved draft, and is here again when you open this dialog."
          confirm="Keep as draft and close"
          cancel="Go on writing"
          onConfirm={onClose}
          onCancel={() => setAsking(false)}
        />
      )}
    </Dialog>
  )
}
