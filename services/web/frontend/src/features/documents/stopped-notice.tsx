import { Button } from '@/components/button'
import { useRefusal } from '@/components/use-can'
import { useDocumentChanges } from '@/features/documents/use-document-changes'
import type { LiveDocument } from '@/features/documents/use-live-document'
import type { DocumentDetail } from '@/lib/api/types'

const SENTENCE = {
  cancelled: 'Stopped. What was written until then is kept.',
  interrupted: 'Interrupted. What was written until then is kept.',
  failed: 'The model did not finish.',
}

/** Why a document ended early, what is safe, and the way on. */
export function StoppedNotice({ project, document, live }: { project: string; document: DocumentDetail; live: LiveDocument }) {
  const { proceed } = useDocumentChanges(project)
  const refusal = useRefusal(project, 'documents.generate')
  if (live.status === 'ready' || live.status === 'generating') return null
  const waiting = document.status === 'generating' ? 'The text is being stored.' : null
  return (
    <div role="alert" className={`mb-6 border-l-2 py-1 pl-4 ${live.status === 'failed' ? 'border-vermilion' : 'border-ochre'}`}>
      <p className="font-medium">{SENTENCE[live.status]}</p>
      {live.detail && <p className="text-ink-2">{live.detail}</p>}
      <Button className="mt-3" pending={proceed.isPending} reason={refusal ?? waiting} onClick={() => proceed.mutate(document.id)}>{live.text === '' ? 'Try again' : 'Continue'}</Button>
    </div>
  )
}
