import { useQueryClient } from '@tanstack/react-query'
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

interface Kept extends SnippetText {
  revision: number
}

const textOf = ({ content, description }: Snippet): SnippetText => ({ content, description })

/** Saves a snippet while it is written; a conflict stops saving until one of the two texts is chosen. */
export function useSnippetAutosave(project: string, snippet: Snippet) {
  const client = useQueryClient()
  const key = `${project}/snippet/${snippet.id}`
  const [kept] = useState(() => readDraft<Kept>(key)?.value ?? null)
  const [text, setText] = useState<SnippetText>(kept ?? textOf(snippet))
  const [state, setState] = useState<SaveState>(kept ? 'unsaved' : 'saved')
  const [error, setError] = useState<string | null>(null)
  const [saver] = useState(() => new SnippetSaver(project, snippet.id, kept?.revision ?? snippet.revision))
  const [autosave] = useState(
    () =>
      new Autosave<SnippetText>({
        onState: setState,
        save: async (value) => {
          const saved = await saver.save(value)
          dropDraft(key)
          setError(null)
          client.setQueryData(snippetsQuery(project).queryKey, (page) => page && { items: page.items.map((each) => (each.id === saved.id ? saved : each)) })
        },
        onError: (failure) => {
          setError(sentenceOf(failure))
          if (isProblem(failure, 409)) void client.invalidateQueries({ queryKey: snippetsQuery(project).queryKey })
          return isProblem(failure, 409) ? 'conflict' : navigator.onLine ? 'failed' : 'offline'
        },
      }),
  )
  const change = (part: Partial<SnippetText>) => {
    const next = { ...text, ...part }
    setText(next)
    keepDraft(key, { ...next, revision: saver.revision })
    autosave.change(next)
  }
  // What an earlier visit left unsaved is saved now; what is unsaved when the page goes away is saved then.
  useEffect(() => {
    if (kept) autosave.change({ content: kept.content, description: kept.description })
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
  const untouched = state === 'saved' && snippet.revision > saver.revision
  const [shown, setShown] = useState(snippet)
  // Somebody else saved and nothing is unsaved here: their text is shown.
  if (untouched && shown !== snippet) {
    setShown(snippet)
    setText(textOf(snippet))
    saver.rebase(snippet)
  }
  const settle = (mine: boolean) => {
    saver.rebase(snippet)
    autosave.resume()
    dropDraft(key)
    if (mine) autosave.change(text)
    else setText(textOf(snippet))
  }
  return { text, state, error, change, settle, saveNow: () => void autosave.flush() }
}

class SnippetSaver {
  constructor(private readonly project: string, private readonly id: string, private seen: number) {}

  get revision(): number {
    return this.seen
  }

  /** Write on top of what is on the server now. */
  rebase({ revision }: Snippet): void {
    this.seen = revision
  }

  async save(text: SnippetText): Promise<Snippet> {
    const saved = await answerOf(api(this.project).PATCH('/api/snippets/{snippet_id}', { params: { path: { snippet_id: this.id } }, body: { revision: this.seen, ...text } }))
    this.seen = saved.revision
    return saved
  }
}
