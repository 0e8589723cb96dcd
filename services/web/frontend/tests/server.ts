import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { aliases, apiKey, budget, connections, customModel, limit, models, running, settings, usage } from './gateway-samples'
import { documentDetail, documentSummary, generation, promptDetail, promptSummary, session, snippet } from './samples'

const page = <T>(items: T[]) => ({ items, next_cursor: null, total: items.length })

/** A refusal as the BFF words it. */
export const problem = (status: number, type: string, detail: string, more: object = {}) =>
  HttpResponse.json({ type: `/problems/${type}`, title: type, status, detail, ...more }, { status, headers: { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'req_test' } })

/** A BFF in which everything goes well; tests override what they are about. */
export const server = setupServer(
  http.get('/api/session', () => HttpResponse.json(session)),
  http.get('/api/status', () => HttpResponse.json({ set_up: true, version: '0.1.0', simulated: true, default_model: 'simulator/quill', gateway_url: 'http://127.0.0.1:8004' })),
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
  http.get('/api/models', () => HttpResponse.json(models)),
  http.get('/api/connections', () => HttpResponse.json({ items: connections })),
  http.get('/api/custom-models', () => HttpResponse.json({ items: [customModel] })),
  http.get('/api/aliases', () => HttpResponse.json({ items: aliases })),
  http.get('/api/gateway-settings', () => HttpResponse.json(settings)),
  http.get('/api/budgets', () => HttpResponse.json({ items: [budget] })),
  http.get('/api/limits', () => HttpResponse.json({ items: [limit] })),
  http.get('/api/keys', () => HttpResponse.json({ items: [apiKey] })),
  http.get('/api/usage', ({ request }) => HttpResponse.json(usage(new URL(request.url).searchParams))),
  http.get('/api/generations', () => HttpResponse.json({ items: [running], total: 1 })),
)
