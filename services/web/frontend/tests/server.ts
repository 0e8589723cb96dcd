import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { documentDetail, documentSummary, generation, promptDetail, promptSummary, session, snippet } from './samples'

const page = <T>(items: T[]) => ({ items, next_cursor: null, total: items.length })

/** A refusal as the BFF words it. */
export const problem = (status: number, type: string, detail: string, more: object = {}) =>
  HttpResponse.json({ type: `/problems/${type}`, title: type, status, detail, ...more }, { status, headers: { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'req_test' } })

/** A BFF in which everything goes well; tests override what they are about. */
export const server = setupServer(
  http.get('/api/session', () => HttpResponse.json(session)),
  http.get('/api/status', () => HttpResponse.json({ set_up: true, version: '0.1.0', simulated: true, default_model: 'simulator/quill' })),
  http.get('/api/prompts', () => HttpResponse.json(page([promptSummary]))),
  http.get('/api/prompts/:id', () => HttpResponse.json(promptDetail)),
  http.get('/api/prompts/:id/versions', () => HttpResponse.json({ items: [promptDetail.latest] })),
  http.post('/api/templates/check', () => HttpResponse.json({ parameters: promptDetail.parameters, snippets: promptDetail.snippets, findings: [] })),
  http.get('/api/snippets', () => HttpResponse.json({ items: [snippet] })),
  http.get('/api/snippets/:name', () => HttpResponse.json(snippet)),
  http.get('/api/documents', () => HttpResponse.json(page([documentSummary]))),
  http.get('/api/documents/:id', () => HttpResponse.json(documentDetail)),
  http.get('/api/generations/:id', () => HttpResponse.json(generation)),
  http.get('/api/search', () => HttpResponse.json({ items: [] })),
  http.get('/api/stream', () => new HttpResponse(null, { status: 204 })),
  http.get('/api/models', () =>
    HttpResponse.json({
      default_model: 'simulator/quill',
      items: [
        { id: 'simulator/quill', provider: 'simulator', name: 'Quill', simulated: true, available: true, unavailable_reason: null, context_tokens: null, input_usd_per_million: null, output_usd_per_million: null },
        { id: 'openai/gpt', provider: 'openai', name: 'GPT', simulated: false, available: false, unavailable_reason: 'Set OPENAI_API_KEY.', context_tokens: null, input_usd_per_million: null, output_usd_per_million: null },
      ],
    })),
)
