import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openApp } from './open-app'
import { documentDetail, promptDetail } from './samples'
import { problem, server } from './server'
import { event } from './streams'

const DIALOG = `/mara/documents?generate=true&prompt=${promptDetail.id}`
const PAGE = `/mara/documents/${documentDetail.id}`
const generating = { ...documentDetail, status: 'generating', content: '', cost_usd: null, output_tokens: null, model: null, simulated: null }

function streamed(body: string): void {
  server.use(http.get('/api/generations/:id/events', () => new HttpResponse(body, { headers: { 'Content-Type': 'text/event-stream' } })))
}

const end = (status: string, lastSegment: number, detail: string | null = null) => event('end', { status, last_segment: lastSegment, detail, usage: { output_tokens: 9, cost_usd: '0.02', estimated: false } })

describe('Generate Document', () => {
  test('fills defaults, names what is missing, and goes to the document', async () => {
    let body: unknown = null
    server.use(http.post('/api/documents', async ({ request }) => {
      body = await request.json()
      return HttpResponse.json(documentDetail, { status: 201 })
    }))
    const { user, router } = openApp(DIALOG)
    const dialog = await screen.findByRole('dialog', { name: 'Generate Document' })
    expect(await within(dialog).findByLabelText('Episodes')).toHaveValue('3')
    await user.click(within(dialog).getByRole('button', { name: 'Generate' }))
    expect(within(dialog).getByLabelText('Premise')).toHaveAccessibleDescription('This needs a value.')
    expect(within(dialog).getByLabelText('Premise')).toHaveFocus()
    await user.type(within(dialog).getByLabelText('Premise'), 'A ferry')
    await user.click(within(dialog).getByRole('button', { name: 'Generate' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(PAGE))
    expect(body).toMatchObject({ prompt_id: promptDetail.id, version: 2, values: { premise: 'A ferry', episodes: 3 }, model: null })
  })

  test('puts the refusals of the server beside their fields', async () => {
    server.use(http.post('/api/documents', () => problem(422, 'parameters-refused', 'Some values are refused.', { errors: [{ name: 'premise', message: 'Say more than one word.' }] })))
    const { user } = openApp(DIALOG)
    await user.type(await screen.findByLabelText('Premise'), 'x')
    await user.click(screen.getByRole('button', { name: 'Generate' }))
    await waitFor(() => expect(screen.getByLabelText('Premise')).toHaveAccessibleDescription('Say more than one word.'))
  })

  test('lists models without a key with the reason, and does not let them be chosen', async () => {
    openApp(DIALOG)
    const option = await screen.findByRole('option', { name: 'GPT: Set OPENAI_API_KEY.' })
    expect(option).toBeDisabled()
  })

  test('sends the same key again after a lost answer, and a new one for other values', async () => {
    const keys: (string | null)[] = []
    server.use(http.post('/api/documents', ({ request }) => {
      keys.push(request.headers.get('idempotency-key'))
      return problem(503, 'unavailable', 'Away.')
    }))
    const { user } = openApp(DIALOG)
    await user.type(await screen.findByLabelText('Premise'), 'A ferry')
    const press = async (times: number) => {
      await user.click(screen.getByRole('button', { name: 'Generate' }))
      await waitFor(() => expect(keys).toHaveLength(times))
      await screen.findByText(/Nothing was generated\. Away\./)
    }
    await press(1)
    await press(2)
    await user.type(screen.getByLabelText('Premise'), ' at night')
    await press(3)
    expect(keys[0]).toBe(keys[1])
    expect(keys[2]).not.toBe(keys[1])
  })
})

describe('the page of a document', () => {
  test('renders what arrives, says Live, and offers Stop', async () => {
    let cancelled = false
    server.use(
      http.get('/api/documents/:id', () => HttpResponse.json(generating)),
      http.post('/api/generations/:id/cancel', () => {
        cancelled = true
        return HttpResponse.json({})
      }),
      http.get('/api/generations/:id/events', () => new HttpResponse(new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(event('segment', { number: 1, text: '# Title\n\nSome **words' }, 1))) }), { headers: { 'Content-Type': 'text/event-stream' } })),
    )
    const { user } = openApp(PAGE)
    expect(await screen.findByRole('heading', { name: 'Title' })).toBeVisible()
    expect(screen.getByTestId('connection')).toHaveTextContent('Live')
    expect(await within(screen.getByRole('complementary', { name: 'Where it came from' })).findByText('simulator/quill')).toBeVisible()
    expect(within(screen.getByRole('main')).getAllByText('Simulated model')).toHaveLength(2)
    await user.click(screen.getByRole('button', { name: 'Stop' }))
    await waitFor(() => expect(cancelled).toBe(true))
  })

  test('folds away what the model thinks', async () => {
    server.use(http.get('/api/documents/:id', () => HttpResponse.json(generating)))
    streamed(event('segment', { number: 1, text: 'They want a ferry.', kind: 'think' }, 1) + event('segment', { number: 2, text: '# Title', kind: 'text' }, 2))
    openApp(PAGE)
    expect(await screen.findByRole('heading', { name: 'Title' })).toBeVisible()
    expect(screen.getByText('Thinking').closest('details')).not.toHaveAttribute('open')
    expect(screen.getByText('They want a ferry.')).not.toBeVisible()
  })

  test('keeps the streamed text until the stored one is there', async () => {
    let reads = 0
    server.use(http.get('/api/documents/:id', () => HttpResponse.json((reads += 1) > 2 ? documentDetail : generating)))
    streamed(event('segment', { number: 1, text: documentDetail.content }, 1) + end('completed', 1))
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Source' }))
    await waitFor(() => expect(screen.getByTestId('source').textContent).toBe(documentDetail.content))
    await waitFor(() => expect(screen.queryByTestId('connection')).toBeNull(), { timeout: 4_000 })
    expect(screen.getByTestId('source').textContent).toBe(documentDetail.content)
    expect(screen.getByRole('button', { name: 'Edit' })).toBeVisible()
  })

  test('says why it was interrupted and goes on from there', async () => {
    let continued = false
    server.use(
      http.get('/api/documents/:id', () => HttpResponse.json({ ...documentDetail, status: 'interrupted', detail: 'The connection to the model was lost.' })),
      http.post('/api/documents/:id/continue', () => {
        continued = true
        return HttpResponse.json(documentDetail)
      }),
    )
    const { user } = openApp(PAGE)
    const notice = await screen.findByRole('alert')
    expect(notice).toHaveTextContent('Interrupted. What was written until then is kept.The connection to the model was lost.')
    await user.click(within(notice).getByRole('button', { name: 'Continue' }))
    await waitFor(() => expect(continued).toBe(true))
  })

  test('says where the text came from, and that a simulated model wrote it', async () => {
    openApp(PAGE)
    const origin = await screen.findByRole('complementary', { name: 'Where it came from' })
    expect(within(origin).getByRole('link', { name: 'Episode outline' })).toBeVisible()
    expect(within(origin).getByText('Simulated model')).toBeVisible()
    expect(origin).toHaveTextContent('40 in, 7 out')
    expect(origin).toHaveTextContent('$0.0004')
  })

  test('hostile text neither runs nor loads anything', async () => {
    server.use(http.get('/api/documents/:id', () => HttpResponse.json({ ...documentDetail, content: '<img src=x onerror=alert(1)> ![pixel](https://evil.example/p.png) [go](javascript:alert(1)) <script>alert(1)</script>' })))
    openApp(PAGE)
    expect(await screen.findByText('[image: pixel]')).toBeVisible()
    const text = screen.getByRole('region', { name: 'Text' })
    expect(text.querySelector('img, script, iframe')).toBeNull()
    expect(text.querySelector('a[href^="javascript"]')).toBeNull()
  })
})
