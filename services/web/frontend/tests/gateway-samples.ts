import type { ApiKey, Budget, Connection, CustomModel, GatewaySettings, Limit, Model, ModelAlias, RunningGeneration, UsageReport, UsageSum } from '@/lib/api/types'
import { AUTHOR, generation } from './samples'

const TIME = '2026-11-21T04:00:00Z'
const today = () => new Date().toISOString().slice(0, 10)

const model = (id: string, more: Partial<Model>): Model => ({
  id, provider: id.split('/')[0] ?? '', name: id.split('/')[1] ?? '', simulated: false, available: true, unavailable_reason: null, context_tokens: 200_000, max_output_tokens: 8_192,
  input_usd_per_million: '3', output_usd_per_million: '15', capabilities: ['tools', 'images'], retires_on: null, ...more,
})

export const models = {
  default_model: 'simulator/quill',
  items: [
    model('simulator/quill', { name: 'Quill', simulated: true, capabilities: ['tools', 'embeddings'], input_usd_per_million: '0.25', output_usd_per_million: '1.25' }),
    model('openai/gpt', { name: 'GPT', available: false, unavailable_reason: 'Set OPENAI_API_KEY.', context_tokens: null, input_usd_per_million: null, output_usd_per_million: null }),
    model('openai/embed', { name: 'Embed', capabilities: ['embeddings'] }),
    model('anthropic/claude', { name: 'Claude', retires_on: '2026-12-01' }),
  ],
}

export const connections: Connection[] = [
  { id: null, name: 'openai', provider: 'openai', base_url: null, key_hint: null, origin: 'installation', missing: 'Set OPENAI_API_KEY.', revision: 0, updated_at: null },
  { id: 'co_00000000007000400000000001', name: 'anthropic', provider: 'anthropic', base_url: null, key_hint: 'x7Qa', origin: 'project', missing: null, revision: 3, updated_at: TIME },
]

export const customModel: CustomModel = {
  model: 'anthropic/claude', context_tokens: null, max_output_tokens: null, input_usd_per_million: '3', cached_input_usd_per_million: null, output_usd_per_million: '15', capabilities: ['tools'], retires_on: '2026-12-01', updated_at: TIME,
}

export const aliases: ModelAlias[] = [{ name: 'writer', targets: ['anthropic/claude', 'simulator/quill'], updated_at: TIME }]

export const settings: GatewaySettings = { cache_seconds: null, unknown_price_ceiling_usd_per_million: null }

export const apiKey: ApiKey = { id: 'ak_00000000007000400000000001', name: 'Checkout', prefix: 'sk_000000', scopes: ['models.call'], expires_at: null, revoked_at: null, created_at: TIME }

export const budget: Budget = {
  id: 'bu_00000000007000400000000001', scope: 'key', scope_id: apiKey.id, period: 'month', limit_usd: '20', raised_usd: '0', raised_until: null, spent_usd: '16.2', held_usd: '0.5', period_start: '2026-11-01T00:00:00Z', revision: 1,
}

export const limit: Limit = { scope: 'project', scope_id: null, requests_per_minute: 600, tokens_per_minute: null, parallel: 20, updated_at: TIME }

export const running: RunningGeneration = { generation: { ...generation, usage: { ...generation.usage, output_tokens: 120 } }, task: 'generate_document', actor_id: AUTHOR, waited_seconds: 0.2 }

export const usageSum = (part: Partial<UsageSum>): UsageSum => ({
  day: today(), group: 'simulator/quill', calls: 0, failed_calls: 0, cache_hits: 0, input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0, cost_usd: '0', failed_cost_usd: '0', unpriced_calls: 0, estimated_calls: 0, simulated_calls: 0, ...part,
})

/** Two models on one day, as `/api/usage` tells it. */
export const usage = (asked: URLSearchParams): UsageReport => ({
  since: asked.get('since') ?? '',
  until: asked.get('until') ?? '',
  by: (asked.get('by') ?? 'model') as UsageReport['by'],
  items: [
    usageSum({ group: 'anthropic/claude', calls: 30, failed_calls: 3, input_tokens: 1_000, cached_input_tokens: 250, output_tokens: 400, cost_usd: '7.5', failed_cost_usd: '0.3' }),
    usageSum({ calls: 10, input_tokens: 500, output_tokens: 900, cost_usd: '2.5', simulated_calls: 10 }),
  ],
})
