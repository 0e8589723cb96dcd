import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { SimulatedBadge } from '@/components/badge'
import { SnippetChip } from '@/components/snippet-chip'
import { When } from '@/components/when'
import type { LiveDocument } from '@/features/documents/use-live-document'
import type { DocumentDetail } from '@/lib/api/types'
import { countText, moneyText } from '@/lib/format'

interface ProvenanceProps {
  project: string
  document: DocumentDetail
  live: LiveDocument
}

/** Where a document came from: prompt version, values, snippets, model, tokens, cost. */
export function Provenance({ project, document, live }: ProvenanceProps) {
  const { prompt_id: promptId, prompt_title: title, prompt_version: version, snippets, values, input_tokens: input } = document
  const { model, simulated } = live
  const entries = Object.entries(values)
  // Before the first word nothing is counted yet: zeros would look like a result.
  const beginning = live.writing && live.text === ''
  return (
    <dl className="flex flex-col gap-4 text-xs">
      <Fact name="Prompt">
        {promptId ? <><Link to="/$project/prompts/$promptId" params={{ project, promptId }} className="text-lapis underline">{title}</Link> <span className="tabular">v{version}</span></> : 'Written by hand'}
      </Fact>
      {model && <Fact name="Model"><span className="font-mono">{model}</span>{simulated && <SimulatedBadge className="ml-2" />}</Fact>}
      {live.outputTokens !== null && !beginning && <Fact name="Tokens"><span className="tabular">{input !== null && `${countText(input)} in, `}{live.estimated && '≈ '}{countText(live.outputTokens)} out</span></Fact>}
      {model && !beginning && <Fact name="Cost"><span className="tabular">{live.estimated && live.costUsd !== null && '≈ '}{moneyText(live.costUsd)}</span></Fact>}
      {snippets.length > 0 && <Fact name="Snippets"><span className="flex flex-wrap gap-1.5">{snippets.map(({ name, version: used }) => <span key={name}><SnippetChip project={project} name={name} /> <span className="text-ink-3">v{used}</span></span>)}</span></Fact>}
      {entries.length > 0 && (
        <Fact name="Values">
          <span className="flex flex-col gap-2">
            {entries.map(([name, value]) => <span key={name}><span className="font-mono text-lapis">{name}</span><span className="block max-h-32 overflow-y-auto whitespace-pre-wrap">{typeof value === 'string' ? value : JSON.stringify(value)}</span></span>)}
          </span>
        </Fact>
      )}
      <Fact name="Created"><When iso={document.created_at} /></Fact>
      <Fact name="Edited"><When iso={document.updated_at} /></Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-2xs text-ink-3">{name}</dt>
      <dd className="mt-0.5 break-words">{children}</dd>
    </div>
  )
}
