import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { Field, TextArea, TextInput } from '@/components/field'
import { ModelSelect } from '@/components/model-select'
import { When } from '@/components/when'
import { usePromptChanges } from '@/features/prompts/use-prompt-changes'
import type { PromptDetail } from '@/lib/api/types'

interface DetailsPanelProps {
  project: string
  prompt: PromptDetail
  refusal: string | null
}

const tagsOf = (text: string): string[] => [...new Set(text.split(',').map((tag) => tag.trim()).filter(Boolean))]

/** What is not versioned: description, tags, default model; and how others use the prompt. */
export function DetailsPanel({ project, prompt, refusal }: DetailsPanelProps) {
  const { update } = usePromptChanges(project)
  const [description, setDescription] = useState(prompt.description)
  const [tags, setTags] = useState(prompt.tags.join(', '))
  const [model, setModel] = useState(prompt.default_model)
  const dirty = description !== prompt.description || tagsOf(tags).join() !== prompt.tags.join() || model !== prompt.default_model
  const submit = (event: FormEvent) => {
    event.preventDefault()
    update.mutate({ id: prompt.id, body: { revision: prompt.revision, description, tags: tagsOf(tags), default_model: model } })
  }
  return (
    <div className="flex flex-col gap-6">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Description">{(ids) => <TextArea {...ids} rows={3} maxLength={2000} value={description} disabled={refusal !== null} onChange={(event) => setDescription(event.target.value)} />}</Field>
        <Field label="Tags" hint="Separated by commas">{(ids) => <TextInput {...ids} value={tags} disabled={refusal !== null} onChange={(event) => setTags(event.target.value)} />}</Field>
        <Field label="Default model">{(ids) => <ModelSelect {...ids} project={project} value={model ?? null} disabled={refusal !== null} onChange={setModel} none="Default of this installation" />}</Field>
        <div><Button type="submit" variant="outline" pending={update.isPending} reason={refusal ?? (dirty ? null : 'Nothing changed here.')}>Save details</Button></div>
      </form>
      <section aria-label="Use" className="flex flex-col gap-2 border-t border-line pt-4 text-xs">
        <h2 className="text-2xs font-medium text-ink-3">Use it</h2>
        <p className="flex flex-wrap items-center gap-2">By name <code className="font-mono">{prompt.set_slug === 'default' ? prompt.slug : `${prompt.set_slug}~${prompt.slug}`}</code><CopyButton size="sm" variant="quiet" label="Copy" text={prompt.set_slug === 'default' ? prompt.slug : `${prompt.set_slug}~${prompt.slug}`} /></p>
        <p className="flex flex-wrap items-center gap-2">By id <code className="font-mono break-all">{prompt.id}</code><CopyButton size="sm" variant="quiet" label="Copy" text={prompt.id} /></p>
        <p><Link to="/$project/documents" params={{ project }} search={{ prompt_id: prompt.id }} className="text-lapis underline">Documents made with it</Link></p>
        <p className="text-ink-3">Created <When iso={prompt.created_at} />, edited <When iso={prompt.updated_at} /></p>
      </section>
    </div>
  )
}
