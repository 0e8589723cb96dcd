import { useState } from 'react'
import { Button } from '@/components/button'
import { Dialog } from '@/components/dialog'
import { TextDiff } from '@/components/text-diff'
import type { PromptDraft } from '@/features/prompts/use-prompt-draft'
import type { PromptDetail } from '@/lib/api/types'
import { whenText } from '@/lib/format'

/** One line over the editor when the text needs a decision: found again after a visit, or overtaken by somebody. */
export function DraftNotice({ prompt, draft, onReview }: { prompt: PromptDetail; draft: PromptDraft; onReview: () => void }) {
  const [comparing, setComparing] = useState(false)
  if (!draft.stale && !draft.foundAt) return null
  const text = draft.stale
    ? `Version ${prompt.latest_version} was committed after you began from version ${draft.current.baseVersion}. Your text is safe.`
    : `Unsaved text from ${whenText(draft.foundAt ?? '')} was found on this device.`
  return (
    <div role="status" className="flex flex-wrap items-center gap-3 bg-ochre-wash px-5 py-1.5 text-xs text-ochre">
      {text}
      <span className="ml-auto flex gap-2">
        <Button size="sm" onClick={() => setComparing(true)}>Compare</Button>
        {draft.stale && <Button size="sm" onClick={onReview}>Commit mine…</Button>}
        <Button size="sm" onClick={draft.discard}>Discard</Button>
      </span>
      {comparing && (
        <Dialog title={`Version ${prompt.latest_version} and your text`} size="lg" onClose={() => setComparing(false)}>
          <div className="p-5 text-ink"><TextDiff label="Changes" before={prompt.latest.template} after={draft.current.template} /></div>
        </Dialog>
      )}
    </div>
  )
}
