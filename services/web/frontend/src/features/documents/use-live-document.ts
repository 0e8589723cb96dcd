import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { documentQuery, generationQuery } from '@/lib/api/queries'
import type { DocumentDetail, DocumentStatus } from '@/lib/api/types'
import type { Connection } from '@/lib/sse'
import { useGeneration } from '@/lib/use-generation'

/** The document service stores the text within moments of its last segment; this is how often we look. */
const STORED_MILLISECONDS = 700

export interface LiveDocument {
  text: string
  /** What the model thought before its answer, while it writes. */
  thought: string
  model: string | null
  simulated: boolean
  status: DocumentStatus
  /** Why it stopped early, in words. */
  detail: string | null
  writing: boolean
  connection: Connection | null
  outputTokens: number | null
  costUsd: string | null
  estimated: boolean
  reopen: () => void
}

/** What to show of a document: the stream while a model writes, the stored text afterwards. */
export function useLiveDocument(project: string, document: DocumentDetail): LiveDocument {
  const client = useQueryClient()
  const generating = document.status === 'generating'
  const live = useGeneration(project, generating ? document.generation_id : null)
  const order = useQuery(generationQuery(project, generating ? document.generation_id : null)).data
  const ended = live.generation !== null
  const model = document.model ?? order?.model ?? null
  const simulated = document.simulated ?? order?.simulated ?? false
  // Asks the document service, which hears of the end a moment after us, until it has stored the text.
  useEffect(() => {
    if (!generating || !ended) return
    const timer = setInterval(() => void client.invalidateQueries({ queryKey: documentQuery(project, document.id).queryKey }), STORED_MILLISECONDS)
    return () => clearInterval(timer)
  }, [client, project, document.id, generating, ended])
  if (!generating) {
    return {
      text: document.content, thought: '', model, simulated, status: document.status, detail: document.detail, writing: false, connection: null,
      outputTokens: document.output_tokens, costUsd: document.cost_usd, estimated: false, reopen: live.reopen,
    }
  }
  return {
    text: live.text, thought: live.thought, model, simulated, status: statusOf(live.generation?.status), detail: live.generation?.detail ?? null, writing: !ended, connection: live.connection,
    outputTokens: live.outputTokens, costUsd: live.costUsd, estimated: live.estimated, reopen: live.reopen,
  }
}

function statusOf(generation: string | undefined): DocumentStatus {
  if (generation === 'completed') return 'ready'
  if (generation === 'cancelled' || generation === 'interrupted' || generation === 'failed') return generation
  return 'generating'
}
