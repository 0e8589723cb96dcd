import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { Dialog } from '@/components/dialog'
import { Field, Select } from '@/components/field'
import { Empty, Loaded } from '@/components/states'
import { GenerateForm } from '@/features/documents/generate-form'
import { documentQuery, promptQuery, promptsQuery } from '@/lib/api/queries'
import { useAllPages } from '@/lib/use-all-pages'

interface GenerateDialogProps {
  project: string
  promptId: string | undefined
  /** A document whose values are filled in again. */
  from: string | undefined
  onChoose: (promptId: string | undefined) => void
  onClose: () => void
}

/** Choose a prompt, fill in its parameters, choose a model, and go to the document as it is written. */
export default function GenerateDialog({ project, promptId, from, onChoose, onClose }: GenerateDialogProps) {
  const formId = useId()
  const list = useInfiniteQuery(promptsQuery(project))
  const { items } = useAllPages(list, true)
  const prompt = useQuery({ ...promptQuery(project, promptId ?? ''), enabled: promptId !== undefined })
  const source = useQuery({ ...documentQuery(project, from ?? ''), enabled: from !== undefined })
  const waiting = from !== undefined && source.isPending
  const chosen = promptId && prompt.data?.id === promptId && !waiting ? prompt.data : null
  return (
    <Dialog title="Generate Document" onClose={onClose}>
      <div className="flex flex-col gap-5 p-5">
        <Loaded query={list} what="prompts">
          {() => items.length === 0
            ? <Empty title="There is no prompt to generate from." text="Write a prompt first: a document is made from a prompt and the values that you fill in." />
            : (
              <Field label="Prompt">
                {(ids) => (
                  <Select {...ids} value={promptId ?? ''} onChange={(event) => onChoose(event.target.value || undefined)}>
                    <option value="">Choose a prompt…</option>
                    {promptId && !items.some(({ id }) => id === promptId) && <option value={promptId}>{prompt.data?.title ?? 'This prompt'}</option>}
                    {items.map(({ id, title, latest_version: version }) => <option key={id} value={id}>{title} (v{version})</option>)}
                  </Select>
                )}
              </Field>
            )}
        </Loaded>
        {promptId && !chosen && <Loaded query={prompt} what="prompt" shape="text">{() => null}</Loaded>}
        {chosen && <GenerateForm key={`${chosen.id}/${chosen.latest_version}`} formId={formId} project={project} prompt={chosen} values={source.data?.values ?? null} onClose={onClose} />}
      </div>
    </Dialog>
  )
}
