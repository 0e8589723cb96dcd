import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { answerOf, api } from '@/lib/api/client'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import { snippetsQuery } from '@/lib/api/queries'
import type { Snippet } from '@/lib/api/types'
import { Autosave, type SaveState } from '@/lib/autosave'
import { dropDraft, keepDraft, readDraft } from '@/lib/drafts'

/** What of a snippet can be written. */
export interface SnippetText {
  content: string
  description: string
}

/** A text and the revision that its writer saw. */
interface Written extends SnippetText {
  revision: number
}

const writtenFrom = ({ content, description, revision }: Snippet): Written => ({ content, description, revision })

/** Saves a snippet while it is written; a conflict stops saving until one of the two texts is chosen. */
export function useSnippetAutosave(project: string, snippet: Snippet) {
  const client = useQueryClient()
  const key = `${project}/snippet/${snippet.id}`
  const [kept] = useState(() => readDraft<Written>(key)?.value ?? null)
  const [text, setText] = useState<Written>(kept ?? writtenFrom(snippet))
  const [state, setState] = useState<SaveState>(kept ? 'unsaved' : 'saved')
  const [error, setError] = useState<string | null>(null)
  const [autosave] = useState(
    () =>
      new Autosave<Written>({
        onState: setState,
        save: saver(client, project, snippet.id, (revision) => {
          dropDraft(key)
          setError(null)
          setText((newest) => ({ ...newest, revision }))
        }),
        onError: (failure) => {
          setError(sentenceOf(failure))
          if (isProblem(failure, 409)) void client.invalidateQueries({ queryKey: snippetsQuery(project).queryKey })
          return isProblem(failure, 409) ? 'conflict' : navigator.onLine ? 'failed' : 'offline'
        },
      }),
  )
  // Somebody else saved and nothing is unsaved here: their text is shown.
  if (state === 'saved' && snippet.revision > text.revision) setText(writtenFrom(snippet))
  const write = (next: Written) => {
    setText(next)
    keepDraft(key, next)
    autosave.change(next)
  }
  const settle = (mine: boolean) => {
    autosave.resume()
    dropDraft(key)
    if (mine) write({ ...text, revision: snippet.revision })
    else setText(writtenFrom(snippet))
  }
  useSavingOnLeave(autosave, kept)
  return { text, state, error, change: (part: Partial<SnippetText>) => write({ ...text, ...part }), settle, saveNow: () => void autosave.flush() }
}

/** What an earlier visit left unsaved is saved now; what is unsaved when the page goes away is saved then. */
function useSavingOnLeave(autosave: Autosave<Written>, kept: Written | null): void {
  // Listens to the window while the snippet is open.
  useEffect(() => {
    if (kept) autosave.change(kept)
    const flush = () => void autosave.flush()
    const hide = () => document.visibilityState === 'hidden' && flush()
    document.addEventListener('visibilitychange', hide)
    window.addEventListener('online', flush)
    return () => {
      document.removeEventListener('visibilitychange', hide)
      window.removeEventListener('online', flush)
      flush()
    }
  }, [autosave, kept])
}

/** Saves on top of the revision that the writer saw, or of our own last save where that is newer. */
function saver(client: QueryClient, project: string, id: string, onSaved: (revision: number) => void) {
  let ours = 0
  return async ({ revision, content, description }: Written): Promise<void> => {
    const body = { revision: Math.max(revision, ours), content, description }
    const saved = await answerOf(api(project).PATCH('/api/snippets/{snippet_id}', { params: { path: { snippet_id: id } }, body }))
    ours = saved.revision
    client.setQueryData(snippetsQuery(project).queryKey, (page) => page && { items: page.items.map((each) => (each.id === saved.id ? saved : each)) })
    onSaved(saved.revision)
  }
}
