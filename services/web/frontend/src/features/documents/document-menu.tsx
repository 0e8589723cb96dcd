import { useNavigate } from '@tanstack/react-router'
import { Archive, Ellipsis, RotateCcw, ScrollText, Trash2 } from 'lucide-react'
import { IconButton } from '@/components/button'
import { Menu, type MenuItem } from '@/components/menu'
import { useRefusal } from '@/components/use-can'
import { useDocumentChanges } from '@/features/documents/use-document-changes'
import type { DocumentSummary } from '@/lib/api/types'

interface DocumentMenuProps {
  project: string
  document: DocumentSummary
  /** Called when the document is gone, for pages that show nothing else. */
  onGone?: () => void
}

/** What can be done with a document from anywhere. */
export function DocumentMenu({ project, document, onGone }: DocumentMenuProps) {
  const navigate = useNavigate()
  const { archive, remove } = useDocumentChanges(project)
  const refusal = useRefusal(project, 'documents.write')
  const cannotGenerate = useRefusal(project, 'documents.generate')
  const promptId = document.prompt_id
  const ofPrompt: MenuItem[] = promptId
    ? [
        { label: 'Generate again with changes', icon: <RotateCcw />, reason: cannotGenerate, onSelect: () => void navigate({ to: '/$project/documents', params: { project }, search: { generate: true, prompt: promptId, from: document.id } }) },
        { label: 'Open its prompt', icon: <ScrollText />, onSelect: () => void navigate({ to: '/$project/prompts/$promptId', params: { project, promptId } }) },
      ]
    : []
  const items = [
    ...ofPrompt,
    { label: document.archived ? 'Take out of the archive' : 'Archive', icon: <Archive />, reason: refusal, onSelect: () => archive(document) },
    'rule' as const,
    { label: 'Delete', icon: <Trash2 />, danger: true, reason: refusal, onSelect: () => remove.mutate(document, { onSuccess: () => onGone?.() }) },
  ]
  return <Menu trigger={<IconButton label={`Actions for ${document.title}`}><Ellipsis /></IconButton>} items={items} />
}
