import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowLeft, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button, buttonLook } from '@/components/button'
import { ConflictDialog } from '@/components/conflict-dialog'
import { LazyEditor } from '@/components/editor/lazy-editor'
import { TextInput } from '@/components/field'
import { SaveWords } from '@/components/save-words'
import { toastError, toastUndo } from '@/components/toast'
import { When } from '@/components/when'
import { useSnippetAutosave } from '@/features/snippets/use-snippet-autosave'
import { answerOf, api } from '@/lib/api/client'
import type { Snippet } from '@/lib/api/types'
import { plural } from '@/lib/format'
import { useActions } from '@/lib/shortcuts'

/** The text of one snippet, saved while it is written. */
export function SnippetEditor({ project, snippet, refusal }: { project: string; snippet: Snippet; refusal: string | null }) {
  const { text, state, error, change, settle, saveNow } = useSnippetAutosave(project, snippet)
  const [deciding, setDeciding] = useState(true)
  const remove = useDeleteSnippet(project)
  const inUse = snippet.used_by > 0 ? `${plural(snippet.used_by, 'prompt')} mention it. Take it out of them first.` : null
  useActions([{ id: 'save', label: 'Save now', group: 'Here', keys: '$mod+s', run: saveNow }])
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-5 py-3">
        <Link to="/$project/snippets" params={{ project }} search={{}} aria-label="All snippets" className={buttonLook({ variant: 'quiet', size: 'icon' }, 'md:hidden')}><ArrowLeft /></Link>
        <h2 className="min-w-0 truncate font-mono text-sm font-medium text-verdigris">@{snippet.name}</h2>
        <span className="text-2xs text-ink-3">version {snippet.version}, <When iso={snippet.updated_at} /></span>
        <span className="ml-auto text-xs text-ink-2"><SaveWords state={state} error={error} onRetry={saveNow} /></span>
        {state === 'conflict' && !deciding && <Button size="sm" onClick={() => setDeciding(true)}>Compare…</Button>}
        <Button variant="danger" pending={remove.isPending} reason={refusal ?? inUse} onClick={() => remove.mutate(snippet)}><Trash2 />Delete</Button>
      </div>
      <p className="border-b border-line px-5 py-2 text-xs text-ink-2">
        {snippet.used_by > 0 ? `Used by ${plural(snippet.used_by, 'prompt')}. ` : 'No prompt mentions it yet. '}
        Snippets are read when a document is generated, so a change takes effect at once.
      </p>
      <div className="min-h-64 flex-1 overflow-hidden bg-surface"><LazyEditor kind="template" label={`Text of ${snippet.name}`} value={text.content} readOnly={refusal !== null} onChange={(content) => content !== text.content && change({ content })} /></div>
      <div className="border-t border-line px-5 py-3"><TextInput aria-label="Description" placeholder="What is it for?" maxLength={500} disabled={refusal !== null} value={text.description} onChange={(event) => change({ description: event.target.value })} /></div>
      {state === 'conflict' && deciding && (
        <ConflictDialog what="This snippet" theirs={snippet.content} mine={text.content} keepMine="Save mine" onKeepMine={() => settle(true)} onTakeTheirs={() => settle(false)} onClose={() => setDeciding(false)} />
      )}
    </>
  )
}

const path = (snippet_id: string) => ({ params: { path: { snippet_id } } })

function useDeleteSnippet(project: string) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const refresh = () => void client.invalidateQueries({ queryKey: [project, 'snippet'] })
  const restore = useMutation({
    mutationFn: (id: string) => answerOf(api(project).POST('/api/snippets/{snippet_id}/restore', path(id))),
    onSuccess: refresh,
    onError: (error) => toastError('The snippet could not be brought back.', error),
  })
  return useMutation({
    mutationFn: (snippet: Snippet) => answerOf(api(project).DELETE('/api/snippets/{snippet_id}', path(snippet.id))),
    onSuccess: (_done, { id, name }) => {
      refresh()
      void navigate({ to: '/$project/snippets', params: { project }, search: {} })
      toastUndo(`Deleted @${name}.`, () => restore.mutate(id))
    },
    onError: (error) => toastError('The snippet was not deleted.', error),
  })
}
