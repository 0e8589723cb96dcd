import { useState } from 'react'
import { Tabs } from '@/components/tabs'
import { DetailsPanel } from '@/features/prompts/details-panel'
import { ParametersPanel } from '@/features/prompts/parameters-panel'
import { PreviewPanel } from '@/features/prompts/preview-panel'
import type { PromptDraft } from '@/features/prompts/use-prompt-draft'
import { type OptimizationState, useOptimization } from '@/features/prompts/use-optimization'
import { VersionsPanel } from '@/features/prompts/versions-panel'
import { OptimizePanel } from '@/features/prompts/optimize-panel'
import type { PromptDetail } from '@/lib/api/types'
import { remember, remembered } from '@/lib/remembered'

interface PromptPanelsProps {
  project: string
  prompt: PromptDetail
  draft: PromptDraft
  refusal: string | null
}

/** Parameters, preview, optimisation, history and details of one prompt. */
export function PromptPanels({ project, prompt, draft, refusal }: PromptPanelsProps) {
  const [tab, setTab] = useState(() => remembered('promptTab', 'parameters'))
  const choose = (id: string) => {
    setTab(id)
    remember('promptTab', id)
  }
  const optimization = useOptimization(project)
  const used = draft.parameters.filter(({ vanished }) => !vanished).map(({ parameter }) => parameter)
  const restore = (template: string) => draft.setTemplate(template)
  const tabs = [
    { id: 'parameters', label: 'Parameters', count: used.length, content: <ParametersPanel draft={draft} refusal={refusal} /> },
    { id: 'preview', label: 'Preview', content: <PreviewPanel project={project} promptId={prompt.id} template={draft.current.template} parameters={used} /> },
    { id: 'optimize', label: 'Optimize', news: newsOf(optimization.phase), content: <OptimizePanel project={project} state={optimization} keeps="Commit…" template={draft.current.template} model={prompt.default_model ?? null} onTake={draft.setTemplate} /> },
    { id: 'history', label: 'History', count: prompt.latest_version, content: <VersionsPanel project={project} prompt={prompt} refusal={refusal} onRestore={restore} /> },
    { id: 'details', label: 'Details', content: <DetailsPanel project={project} prompt={prompt} refusal={refusal} /> },
  ]
  return <Tabs label="About this prompt" tabs={tabs} value={tab} onChange={choose} />
}

/** What the tab says while another one is open. */
function newsOf(phase: OptimizationState['phase']): string | undefined {
  if (phase === 'writing' || phase === 'checking') return 'writing'
  return phase === 'ready' ? 'proposal ready' : undefined
}
