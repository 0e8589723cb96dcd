import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openApp } from './open-app'
import { violations } from './faults'
import { generation } from './samples'
import { problem, server } from './server'
import { event } from './streams'

const PAGE = '/mara/playground'

/** A gateway that answers each question with the name of the model it was asked of. */
function answering(): Record<string, unknown>[] {
  const asked: Record<string, unknown>[] = []
  server.use(
    http.post('/api/playground', async ({ request }) => {
      const { request: question } = (await request.json()) as { request: Record<string, unknown> }
      asked.push(question)
      return HttpResponse.json({ ...generation, id: `ge_${asked.length}`, model: question.model ?? 'simulator/quill' }, { status: 201 })
    }),
    http.get('/api/generations/:id/events', ({ params }) => {
      const end = { ...generation, id: params.id, status: 'completed', last_segment: 1, finish_reason: 'stop', usage: { ...generation.usage, input_tokens: 12, output_tokens: 34, cost_usd: '0.0004', estimated: false } }
      return new HttpResponse(event('segment', { number: 1, text: `This is ${String(params.id)}.` }, 1) + event('end', end), { headers: { 'Content-Type': 'text/event-stream' } })
    }),
  )
  return asked
}

describe('the playground', () => {
  test('asks the chosen model and shows the answer with what it took, without an accessibility fault', async () => {
    const asked = answering()
    const { user } = openApp(`${PAGE}?model=anthropic%2Fclaude`)
    const run = await screen.findByRole('button', { name: 'Run' })
    expect(run).toHaveAttribute('aria-disabled', 'true')
    await waitFor(() => expect(screen.getByLabelText('Model')).toHaveValue('anthropic/claude'))
    await user.type(screen.getByLabelText(/^System message/), 'Be brief.')
    await user.type(screen.getByLabelText('Message'), 'Hello.')
    await user.type(screen.getByLabelText(/^Temperature/), '0.5')
    await user.keyboard('{Control>}{Enter}{/Control}')
    const answer = await screen.findByRole('region', { name: 'Answer' })
    expect(await within(answer).findByText('This is ge_1.')).toBeVisible()
    expect(answer).toHaveTextContent('12 tokens in')
    expect(answer).toHaveTextContent('34 tokens out')
    expect(answer).toHaveTextContent('$0.0004')
    expect(within(answer).getByText('Simulated model')).toBeVisible()
    expect(asked).toMatchObject([{ model: 'anthropic/claude', temperature: 0.5, max_output_tokens: null, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hello.' }] }])
    expect(await violations()).toEqual([])
  })

  test('compares two models with one question, and brings an earlier pair back', async () => {
    const asked = answering()
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Compare two' }))
    await screen.findAllByRole('option', { name: 'writer (anthropic/claude)' })
    expect(screen.getAllByRole('option', { name: 'Quill (simulated)' })).toHaveLength(2)
    expect(screen.queryByRole('option', { name: 'Embed' })).toBeNull()
    await user.selectOptions(screen.getByLabelText('Model 2'), 'writer')
    await user.type(screen.getByLabelText('Message'), 'First?')
    await user.click(screen.getByRole('button', { name: 'Run' }))
    expect(await within(screen.getByRole('region', { name: 'Answer of model 1' })).findByText(/This is ge_/)).toBeVisible()
    expect(await within(screen.getByRole('region', { name: 'Answer of model 2' })).findByText(/This is ge_/)).toBeVisible()
    expect(asked.map(({ model }) => model)).toEqual([null, 'writer'])
    await user.clear(screen.getByLabelText('Message'))
    await user.click(within(screen.getByRole('region', { name: 'Asked before' })).getByRole('button', { name: 'First?' }))
    expect(screen.getByLabelText('Message')).toHaveValue('First?')
  })

  test('says why nothing was asked', async () => {
    server.use(http.post('/api/playground', () => problem(402, 'budget-exceeded', 'The project’s budget of $20 a month is spent.')))
    const { user } = openApp(PAGE)
    await user.type(await screen.findByLabelText('Message'), 'Hello.')
    await user.click(screen.getByRole('button', { name: 'Run' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('Not asked. The project’s budget of $20 a month is spent.')
  })

  test('stops what is being written', async () => {
    answering()
    let stopped = false
    server.use(
      http.get('/api/generations/:id/events', () => new HttpResponse(new ReadableStream<Uint8Array>(), { headers: { 'Content-Type': 'text/event-stream' } })),
      http.post('/api/generations/:id/cancel', () => {
        stopped = true
        return HttpResponse.json({ ...generation, status: 'cancelled' })
      }),
    )
    const { user } = openApp(PAGE)
    await user.type(await screen.findByLabelText('Message'), 'Hello.')
    await user.click(screen.getByRole('button', { name: 'Run' }))
    await user.click(await screen.findByRole('button', { name: 'Stop' }))
    await waitFor(() => expect(stopped).toBe(true))
  })

  test('does not ask with a temperature that no model takes', async () => {
    const { user } = openApp(PAGE)
    await user.type(await screen.findByLabelText('Message'), 'Hello.')
    await user.type(screen.getByLabelText(/^Temperature/), '3')
    expect(screen.getByRole('button', { name: 'Run' })).toHaveAttribute('aria-disabled', 'true')
  })
})
