import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/button'
import { ConflictDialog } from '@/components/conflict-dialog'
import { Dialog } from '@/components/dialog'
import { Field, TextInput } from '@/components/field'
import { TextDiff } from '@/components/text-diff'
import { toastDone } from '@/components/toast'
import type { PromptDraft } from '@/features/prompts/use-prompt-draft'
import { answerOf, api } from '@/lib/api/client'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import { promptQuery } from '@/lib/api/queries'
import type { PromptDetail } from '@/lib/api/types'
import { IntentKeys } from '@/lib/idempotency'

interface CommitDialogProps {
  project: string
  prompt: PromptDetail
  draft: PromptDraft
  onClose: () => void
}

/** Make the text an immutable version, with a sentence on what changed. When somebody was faster both texts are shown. */
export function CommitDialog({ project, prompt, draft, onClose }: CommitDialogProps) {
  const [message, setMessage] = useState('')
  const commit = useCommit(project, prompt, draft, onClose)
  const firstError = draft.check.findings.find(({ severity }) => severity === 'error')
  const blocked = firstError ? `Line ${firstError.line}: ${firstError.message}` : message.trim() === '' ? 'Say what changed.' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!blocked) commit.mutate({ message, baseVersion: draft.current.baseVersion })
  }
  if (draft.stale || isProblem(commit.error, 409)) {
    const next = prompt.latest_version + 1
    return (
      <ConflictDialog
        what="This prompt"
        theirs={prompt.latest.template}
        mine={draft.current.template}
        keepMine={`Commit mine as version ${next}`}
        pending={commit.isPending}
        onKeepMine={() => commit.mutate({ message: message.trim() || `Written from version ${draft.current.baseVersion}`, baseVersion: prompt.latest_version })}
        onTakeTheirs={() => {
          draft.discard()
          onClose()
        }}
        onClose={onClose}
      />
    )
  }
  const footer = (
    <>
      {commit.isError && <p role="alert" className="mr-auto text-xs text-vermilion">Not committed. {sentenceOf(commit.error)} Your text is kept.</p>}
      <Button onClick={onClose}>Go back</Button>
      <Button type="submit" form="commit-form" variant="primary" pending={commit.isPending} reason={blocked}>Commit version {prompt.latest_version + 1}</Button>
    </>
  )
  return (
    <Dialog title={`Commit version ${prompt.latest_version + 1}`} description="A version never changes. Documents say which one made them." onClose={onClose} footer={footer}>
      <form id="commit-form" onSubmit={submit} className="flex flex-col gap-4 p-5">
        <Field label="What changed?">{(ids) => <TextInput {...ids} maxLength={500} placeholder="Ask for scenes, not summaries" value={message} onChange={(event) => setMessage(event.target.value)} />}</Field>
        <div className="max-h-80 overflow-y-auto rounded-md border border-line p-3"><TextDiff label="What this commit changes" before={prompt.latest.template} after={draft.current.template} /></div>
      </form>
    </Dialog>
  )
}

function useCommit(project: string, prompt: PromptDetail, draft: PromptDraft, onDone: () => void) {
  const client = useQueryClient()
  const [keys] = useState(() => new IntentKeys())
  return useMutation({
    mutationFn: ({ message, baseVersion }: { message: string; baseVersion: number }) => {
      const parameters = draft.parameters.filter(({ vanished }) => !vanished).map(({ parameter }) => parameter)
      const body = { base_version: baseVersion, template: draft.current.template, parameters, message: message.trim() }
      const headers = { 'Idempotency-Key': keys.keyFor(body) }
      return answerOf(api(project).POST('/api/prompts/{prompt_id}/versions', { params: { path: { prompt_id: prompt.id } }, body, headers }))
    },
    onSuccess: (saved) => {
      client.setQueryData(promptQuery(project, prompt.id).queryKey, saved)
      void client.invalidateQueries({ queryKey: [project, 'prompt'] })
      draft.discard()
      onDone()
      toastDone(`Version ${saved.latest_version} is committed.`)
    },
    onError: (error) => {
      // The dialog shows their text beside ours: it must be the newest.
      if (isProblem(error, 409)) void client.invalidateQueries({ queryKey: promptQuery(project, prompt.id).queryKey })
    },
  })
}
