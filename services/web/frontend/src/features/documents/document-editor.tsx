import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/button'
import { ConflictDialog } from '@/components/conflict-dialog'
import { LazyEditor } from '@/components/editor/lazy-editor'
import { PageHeader } from '@/components/page-header'
import { useDocumentChanges } from '@/features/documents/use-document-changes'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import { documentQuery } from '@/lib/api/queries'
import type { DocumentDetail } from '@/lib/api/types'
import { useActions } from '@/lib/shortcuts'
import { useFoundDraft, useKeptDraft } from '@/lib/use-draft'

interface EditedText {
  /** What the writer saw: a newer revision on the server is a conflict. */
  revision: number
  content: string
}

/** Edit a document's text as Markdown; unsaved text stays on this device, and a conflict shows both texts. */
export function DocumentEditor({ project, document, onDone }: { project: string; document: DocumentDetail; onDone: () => void }) {
  const client = useQueryClient()
  const key = `${project}/document/${document.id}`
  const found = useFoundDraft<EditedText>(key)
  const [edited, setEdited] = useState<EditedText>(() => found?.value ?? { revision: document.revision, content: document.content })
  const { update } = useDocumentChanges(project)
  const dirty = edited.content !== document.content
  useKeptDraft(key, dirty ? edited : null)
  const save = (revision: number) =>
    update.mutate(
      { id: document.id, body: { revision, content: edited.content } },
      {
        onSuccess: onDone,
        // The comparison needs the newest text of the other side.
        onError: (error) => isProblem(error, 409) && void client.invalidateQueries({ queryKey: documentQuery(project, document.id).queryKey }),
      },
    )
  const saveNow = () => (dirty ? save(edited.revision) : onDone())
  useActions([{ id: 'save', label: 'Save now', group: 'Here', keys: '$mod+s', run: saveNow }])
  const failed = update.isError && !isProblem(update.error, 409)
  const discard = () => setEdited({ revision: document.revision, content: document.content })
  return (
    <>
      <PageHeader
        title={document.title}
        crumbs={[{ label: 'Documents', link: { to: '/$project/documents', params: { project } } }]}
        status={<span role="status">{failed ? `Not saved. ${sentenceOf(update.error)}` : dirty ? 'Unsaved changes, kept on this device' : 'Saved'}</span>}
        actions={<>{dirty && <Button onClick={discard}>Discard changes</Button>}<Button onClick={onDone}>Read view</Button><Button variant="primary" pending={update.isPending} onClick={saveNow}>Save</Button></>}
      />
      <div className="min-h-0 flex-1 overflow-hidden bg-surface"><LazyEditor kind="document" label="Document text" value={edited.content} onChange={(content) => setEdited((old) => ({ ...old, content }))} /></div>
      {isProblem(update.error, 409) && (
        <ConflictDialog what="This document" theirs={document.content} mine={edited.content} keepMine="Save mine" pending={update.isPending} onKeepMine={() => save(document.revision)} onClose={update.reset} onTakeTheirs={() => {
          discard()
          update.reset()
        }} />
      )}
    </>
  )
}
