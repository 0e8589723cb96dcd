import { useNavigate } from '@tanstack/react-router'
import { Pencil, Square } from 'lucide-react'
import { useState } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { EditableTitle } from '@/components/editable-title'
import { PageHeader } from '@/components/page-header'
import { StatusBadge } from '@/components/status-badge'
import { toastError } from '@/components/toast'
import { useRefusal } from '@/components/use-can'
import { DocumentEditor } from '@/features/documents/document-editor'
import { DocumentMenu } from '@/features/documents/document-menu'
import { DocumentText } from '@/features/documents/document-text'
import { Provenance } from '@/features/documents/provenance'
import { StoppedNotice } from '@/features/documents/stopped-notice'
import { useDocumentChanges } from '@/features/documents/use-document-changes'
import { type LiveDocument, useLiveDocument } from '@/features/documents/use-live-document'
import { WritingStatus } from '@/features/documents/writing-status'
import type { DocumentDetail } from '@/lib/api/types'
import { useActions } from '@/lib/shortcuts'

/** A document with its head, its text and where it came from. */
export function DocumentSheet({ project, document }: { project: string; document: DocumentDetail }) {
  const live = useLiveDocument(project, document)
  const [editing, setEditing] = useState(false)
  if (editing) return <DocumentEditor project={project} document={document} onDone={() => setEditing(false)} />
  return (
    <>
      <Head project={project} document={document} live={live} onEdit={() => setEditing(true)} />
      <div className="flex flex-1 max-lg:flex-none max-lg:flex-col lg:min-h-0 lg:overflow-hidden">
        <DocumentText live={live} before={<StoppedNotice project={project} document={document} live={live} />} />
        <aside aria-label="Where it came from" className="shrink-0 border-line p-5 max-lg:border-t lg:w-80 lg:overflow-y-auto lg:border-l">
          <Provenance project={project} document={document} live={live} />
        </aside>
      </div>
    </>
  )
}

interface HeadProps {
  project: string
  document: DocumentDetail
  live: LiveDocument
  onEdit: () => void
}

function Head({ project, document, live, onEdit }: HeadProps) {
  const navigate = useNavigate()
  const { update, cancel } = useDocumentChanges(project)
  const refusal = useRefusal(project, 'documents.write')
  const cannotStop = useRefusal(project, 'generations.cancel')
  const cannotEdit = refusal ?? (document.status === 'generating' ? 'The model is writing. Stop it, or wait until it is done.' : null)
  const stop = () => document.generation_id && cancel.mutate(document.generation_id)
  const rename = (title: string) => update.mutate({ id: document.id, body: { revision: document.revision, title } }, { onError: (error) => toastError('The title was not saved.', error) })
  useActions([
    { id: 'stop', label: 'Stop the model', group: 'Here', keys: '$mod+.', disabledReason: live.writing ? cannotStop : 'Nothing is being written.', run: stop },
    { id: 'edit', label: 'Edit the text', group: 'Here', keys: 'Enter', disabledReason: cannotEdit, run: onEdit },
  ])
  return (
    <PageHeader
      title={document.title}
      crumbs={[{ label: 'Documents', link: { to: '/$project/documents', params: { project } } }]}
      heading={<EditableTitle title={document.title} onRename={rename} reason={refusal} />}
      status={
        <>
          {live.status !== 'ready' && <StatusBadge status={live.status} />}
          {live.simulated && <SimulatedBadge />}
          <WritingStatus live={live} startedAt={document.updated_at} />
        </>
      }
      actions={
        <>
          {live.writing
            ? <Button variant="danger" pending={cancel.isPending} reason={cannotStop} onClick={stop}><Square />Stop</Button>
            : <><CopyButton text={live.text} label="Copy" /><Button reason={cannotEdit} onClick={onEdit}><Pencil />Edit</Button></>}
          <DocumentMenu project={project} document={document} onGone={() => void navigate({ to: '/$project/documents', params: { project } })} />
        </>
      }
    />
  )
}
