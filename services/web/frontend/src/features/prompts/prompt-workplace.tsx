import { Link, useNavigate } from '@tanstack/react-router'
import { Copy, Ellipsis, FileText, GitCommitHorizontal, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Badge } from '@/components/badge'
import { Button, buttonLook, IconButton } from '@/components/button'
import { EditableTitle } from '@/components/editable-title'
import { LazyEditor } from '@/components/editor/lazy-editor'
import { Menu } from '@/components/menu'
import { PageHeader } from '@/components/page-header'
import { useTemplateWords } from '@/components/snippet-words'
import { useRefusal } from '@/components/use-can'
import { CommitDialog } from '@/features/prompts/commit-dialog'
import { DraftNotice } from '@/features/prompts/draft-notice'
import { ProblemsStrip } from '@/features/prompts/problems-strip'
import { PromptPanels } from '@/features/prompts/prompt-panels'
import { usePromptChanges } from '@/features/prompts/use-prompt-changes'
import { usePromptDraft } from '@/features/prompts/use-prompt-draft'
import type { PromptDetail } from '@/lib/api/types'
import { useActions } from '@/lib/shortcuts'

/** The editor of one prompt on the left, everything about it on the right. */
export function PromptWorkplace({ project, prompt }: { project: string; prompt: PromptDetail }) {
  const draft = usePromptDraft(project, prompt)
  const [goTo, setGoTo] = useState<{ line: number; column: number } | null>(null)
  const [committing, setCommitting] = useState(false)
  const words = useTemplateWords(project, draft.parameters.filter(({ vanished }) => !vanished).map(({ parameter }) => parameter.name))
  const refusal = useRefusal(project, 'prompts.write')
  const cannotCommit = refusal ?? (draft.dirty ? null : `Nothing changed since version ${prompt.latest_version}.`)
  useActions([{ id: 'commit', label: 'Commit…', group: 'Here', keys: '$mod+Shift+c', disabledReason: cannotCommit, run: () => setCommitting(true) }])
  return (
    <>
      <Header project={project} prompt={prompt} dirty={draft.dirty} refusal={refusal} cannotCommit={cannotCommit} onCommit={() => setCommitting(true)} />
      <DraftNotice prompt={prompt} draft={draft} onReview={() => setCommitting(true)} />
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <section aria-label="Text" className="flex min-h-0 min-w-0 flex-col bg-surface max-md:min-h-[50dvh] md:flex-[1.4]">
          <div className="min-h-0 flex-1"><LazyEditor label="Prompt text" value={draft.current.template} onChange={draft.setTemplate} words={words} findings={draft.check.findings} readOnly={refusal !== null} goTo={goTo} /></div>
          <ProblemsStrip check={draft.check} onGoTo={setGoTo} />
        </section>
        <aside aria-label="About this prompt" className="flex min-h-0 min-w-0 flex-1 flex-col border-line max-md:border-t md:border-l">
          <PromptPanels project={project} prompt={prompt} draft={draft} refusal={refusal} />
        </aside>
      </div>
      {committing && <CommitDialog project={project} prompt={prompt} draft={draft} onClose={() => setCommitting(false)} />}
    </>
  )
}

interface HeaderProps {
  project: string
  prompt: PromptDetail
  dirty: boolean
  refusal: string | null
  cannotCommit: string | null
  onCommit: () => void
}

function Header({ project, prompt, dirty, refusal, cannotCommit, onCommit }: HeaderProps) {
  const navigate = useNavigate()
  const { update, remove } = usePromptChanges(project)
  const cannotGenerate = useRefusal(project, 'documents.generate')
  const generate = { to: '/$project/documents', params: { project }, search: { generate: true, prompt: prompt.id } } as const
  useActions([{ id: 'generate', label: 'Generate Document from this prompt', group: 'Here', keys: '$mod+Enter', disabledReason: cannotGenerate, run: () => void navigate(generate) }])
  const rename = (title: string) => update.mutate({ id: prompt.id, body: { revision: prompt.revision, title } })
  const removeAndLeave = () => remove.mutate(prompt, { onSuccess: () => void navigate({ to: '/$project/prompts', params: { project } }) })
  const items = [
    { label: 'Clone', icon: <Copy />, reason: refusal, onSelect: () => void navigate({ to: '/$project/prompts', params: { project }, search: { new: true, clone: prompt.id } }) },
    { label: 'Delete', icon: <Trash2 />, danger: true, reason: refusal, onSelect: removeAndLeave },
  ]
  return (
    <PageHeader
      title={prompt.title}
      crumbs={[{ label: 'Prompts', link: { to: '/$project/prompts', params: { project } } }]}
      heading={<EditableTitle title={prompt.title} onRename={rename} reason={refusal} />}
      status={<><Badge>v{prompt.latest_version}</Badge>{prompt.archived && <Badge tone="ochre">Archived</Badge>}<span role="status">{dirty ? 'Unsaved changes, kept on this device' : 'Saved'}</span></>}
      actions={
        <>
          {cannotGenerate ? <Button reason={cannotGenerate}><FileText />Generate Document</Button> : <Link {...generate} className={buttonLook({})}><FileText />Generate Document</Link>}
          <Button variant="primary" reason={cannotCommit} onClick={onCommit}><GitCommitHorizontal />Commit…</Button>
          <Menu trigger={<IconButton label="More actions"><Ellipsis /></IconButton>} items={items} />
        </>
      }
    />
  )
}
