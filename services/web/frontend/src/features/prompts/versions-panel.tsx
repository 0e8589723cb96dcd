import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Badge } from '@/components/badge'
import { Button } from '@/components/button'
import { Dialog } from '@/components/dialog'
import { Field, TextInput } from '@/components/field'
import { Loaded } from '@/components/states'
import { TextDiff } from '@/components/text-diff'
import { When } from '@/components/when'
import { usePromptChanges } from '@/features/prompts/use-prompt-changes'
import { versionsQuery } from '@/lib/api/queries'
import type { PromptDetail, PromptVersion } from '@/lib/api/types'

interface VersionsPanelProps {
  project: string
  prompt: PromptDetail
  refusal: string | null
  onRestore: (template: string) => void
}

/** Every version, newest first: its text, its labels, and the way back to it. */
export function VersionsPanel({ project, prompt, refusal, onRestore }: VersionsPanelProps) {
  const query = useQuery(versionsQuery(project, prompt.id))
  const [shown, setShown] = useState<PromptVersion | null>(null)
  const [labelled, setLabelled] = useState<PromptVersion | null>(null)
  return (
    <Loaded query={query} what="versions">
      {({ items }) => (
        <ol className="flex flex-col divide-y divide-line">
          {items.map((version) => (
            <li key={version.id} className="flex flex-col gap-1 py-3 first:pt-0">
              <div className="flex flex-wrap items-center gap-2 text-xs">
                <span className="tabular font-medium">v{version.number}</span>
                {labelsOf(prompt, version.number).map((label) => <Badge key={label} tone="verdigris">{label}</Badge>)}
                <span className="text-ink-3"><When iso={version.created_at} /></span>
                <span className="ml-auto flex gap-1">
                  <Button size="sm" variant="quiet" onClick={() => setShown(version)}>Show</Button>
                  <Button size="sm" variant="quiet" reason={refusal} onClick={() => setLabelled(version)}>Label…</Button>
                  <Button size="sm" variant="quiet" reason={refusal} onClick={() => onRestore(version.template)}>Restore</Button>
                </span>
              </div>
              <p className="text-xs text-ink-2">{version.message || 'No message'}</p>
            </li>
          ))}
          {shown && <VersionDialog version={shown} before={items.find(({ number }) => number === shown.number - 1) ?? null} onClose={() => setShown(null)} />}
          {labelled && <LabelDialog project={project} prompt={prompt} version={labelled.number} onClose={() => setLabelled(null)} />}
        </ol>
      )}
    </Loaded>
  )
}

const labelsOf = (prompt: PromptDetail, number: number): string[] =>
  Object.entries(prompt.labels).filter(([, version]) => version === number).map(([label]) => label)

function VersionDialog({ version, before, onClose }: { version: PromptVersion; before: PromptVersion | null; onClose: () => void }) {
  return (
    <Dialog title={`Version ${version.number}`} description={before ? `${version.message || 'No message'}. Marked: what changed since version ${before.number}.` : version.message} size="lg" onClose={onClose}>
      <div className="p-5"><TextDiff label={`Text of version ${version.number}`} before={before?.template ?? version.template} after={version.template} /></div>
    </Dialog>
  )
}

function LabelDialog({ project, prompt, version, onClose }: { project: string; prompt: PromptDetail; version: number; onClose: () => void }) {
  const { moveLabel } = usePromptChanges(project)
  const [label, setLabel] = useState('production')
  const wrong = /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(label) ? (label === 'latest' ? '“latest” always means the newest version and cannot be moved.' : null) : 'Use small letters, digits and single hyphens.'
  const holder = prompt.labels[label]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!wrong) moveLabel.mutate({ id: prompt.id, label, version }, { onSuccess: onClose })
  }
  const footer = <Button type="submit" form="label-form" variant="primary" pending={moveLabel.isPending} reason={wrong}>Point it at version {version}</Button>
  return (
    <Dialog title={`Label version ${version}`} size="sm" onClose={onClose} footer={footer}>
      <form id="label-form" onSubmit={submit} className="p-5">
        <Field label="Label" error={wrong} hint={holder ? `It points at version ${holder} now.` : 'Other programs can ask for the prompt by this label.'}>
          {(ids) => <TextInput {...ids} value={label} maxLength={80} onChange={(event) => setLabel(event.target.value)} />}
        </Field>
      </form>
    </Dialog>
  )
}
