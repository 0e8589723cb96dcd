import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/button'
import { Dialog } from '@/components/dialog'
import { Field, TextArea, TextInput } from '@/components/field'
import { answerOf, api } from '@/lib/api/client'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import { IntentKeys } from '@/lib/idempotency'

interface CreateSnippetDialogProps {
  project: string
  name: string
  taken: readonly string[]
  onClose: () => void
}

/** What is wrong with a name while it is typed; null where it can be used. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  if (name === '') return 'Give the snippet a name.'
  if (!/^[a-z]/.test(name)) return 'Begin with a small letter.'
  if (!/^[a-z0-9-]*$/.test(name)) return 'Use small letters, digits and hyphens only.'
  return taken.includes(name) ? 'Another snippet has this name.' : null
}

export function CreateSnippetDialog({ project, name: wanted, taken, onClose }: CreateSnippetDialogProps) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [keys] = useState(() => new IntentKeys())
  const [name, setName] = useState(wanted)
  const [content, setContent] = useState('')
  const [description, setDescription] = useState('')
  const create = useMutation({
    mutationFn: () => {
      const body = { name, content, description }
      return answerOf(api(project).POST('/api/snippets', { body, headers: { 'Idempotency-Key': keys.keyFor(body) } }))
    },
    onSuccess: async (snippet) => {
      await client.invalidateQueries({ queryKey: [project, 'snippet'] })
      void navigate({ to: '/$project/snippets', params: { project }, search: { s: snippet.name }, replace: true })
    },
  })
  const problem = nameProblem(name, taken)
  const refused = isProblem(create.error, 409) ? 'Another snippet has this name.' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!problem) create.mutate()
  }
  const footer = (
    <>
      {create.isError && !refused && <p role="alert" className="mr-auto text-xs text-vermilion">Not created. {sentenceOf(create.error)}</p>}
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form="snippet-form" variant="primary" pending={create.isPending} reason={problem}>Create snippet</Button>
    </>
  )
  return (
    <Dialog title="Create snippet" description="Prompts mention it as @name." onClose={onClose} footer={footer}>
      <form id="snippet-form" onSubmit={submit} className="flex flex-col gap-4 p-5">
        <Field label="Name" error={name === '' ? null : (problem ?? refused)}>{(ids) => <TextInput {...ids} className="font-mono" maxLength={80} value={name} placeholder="house-style" onChange={(event) => setName(event.target.value)} />}</Field>
        <Field label="Text">{(ids) => <TextArea {...ids} rows={8} className="font-mono" value={content} onChange={(event) => setContent(event.target.value)} />}</Field>
        <Field label="Description" optional>{(ids) => <TextInput {...ids} maxLength={500} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
      </form>
    </Dialog>
  )
}
