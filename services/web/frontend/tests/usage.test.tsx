import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import { openApp } from './open-app'
import { violations } from './faults'
import { apiKey, running, usageSum } from './gateway-samples'
import { promptDetail, session } from './samples'
import { problem, server } from './server'

describe('usage and cost', () => {
  test('shows totals, what they leave out, the days and the groups, without an accessibility fault', async () => {
    openApp('/mara/usage')
    const totals = await screen.findByRole('region', { name: 'Totals' })
    expect(totals).toHaveTextContent('$10.00')
    expect(totals).toHaveTextContent('10 calls of 40 were answered by the built-in simulator')
    expect(totals).toHaveTextContent('8 % of all; they cost $0.30.')
    const chart = screen.getByRole('figure', { name: 'Cost by day and model' })
    expect(chart).toHaveTextContent('anthropic/claude took 75 % of the money.')
    const table = screen.getByRole('table', { name: 'Usage by Model' })
    expect(within(table).getAllByRole('row')[1]).toHaveTextContent('anthropic/claude')
    expect(await screen.findByRole('meter', { name: 'Checkout, spent' })).toHaveAttribute('aria-valuenow', '16.2')
    expect(await violations()).toEqual([])
  })

  test('the chart is walked by keys, and is a table on demand', async () => {
    const { user } = openApp('/mara/usage?period=week')
    const bars = await screen.findByRole('slider', { name: 'Cost by day and model' })
    expect(bars).toHaveAttribute('aria-valuetext', expect.stringContaining('$10.00, of which anthropic/claude $7.50, simulator/quill $2.50'))
    bars.focus()
    await user.keyboard('{ArrowLeft}')
    expect(bars).toHaveAttribute('aria-valuetext', expect.stringContaining('$0.00.'))
    await user.click(screen.getByRole('button', { name: 'Show as table' }))
    expect(within(screen.getByRole('table', { name: 'Cost by day and model' })).getAllByRole('row')).toHaveLength(8)
  })

  test('period, group and measure live in the address', async () => {
    const asked: string[] = []
    server.use(http.get('/api/usage', ({ request }) => {
      const query = new URL(request.url).searchParams
      asked.push(query.get('by') ?? '')
      return HttpResponse.json({ since: query.get('since'), until: query.get('until'), by: query.get('by'), items: [usageSum({ group: apiKey.id, calls: 2, cost_usd: '1' }), usageSum({ group: '', calls: 1 })] })
    }))
    const { user, router } = openApp('/mara/usage?by=key&period=nonsense')
    const table = await screen.findByRole('table', { name: 'Usage by API key' })
    expect(await within(table).findByText('Checkout')).toBeVisible()
    expect(within(table).getByText('Without a key')).toBeVisible()
    await user.click(within(screen.getByRole('group', { name: 'Measure' })).getByRole('button', { name: 'Calls' }))
    await user.click(within(screen.getByRole('group', { name: 'Group by' })).getByRole('button', { name: 'Task' }))
    await user.selectOptions(screen.getByRole('combobox', { name: 'Period' }), 'Last 30 days')
    await waitFor(() => expect(router.state.location.search).toMatchObject({ by: 'task', measure: 'calls', period: 'days30' }))
    expect(asked).toContain('task')
  })

  test('calls prompts by their titles and versions', async () => {
    const version = promptDetail.latest.id
    server.use(
      http.get('/api/usage', () => HttpResponse.json({ since: '2026-11-01', until: '2026-11-21', by: 'prompt_version', items: [usageSum({ group: version, calls: 2, cost_usd: '1' })] })),
      http.get('/api/prompt-versions', ({ request }) => {
        expect(new URL(request.url).searchParams.getAll('ids')).toEqual([version])
        return HttpResponse.json({ items: [{ id: version, prompt_id: promptDetail.id, title: 'Episode outline', number: 2 }] })
      }),
    )
    openApp('/mara/usage?by=prompt_version')
    const table = await screen.findByRole('table', { name: 'Usage by Prompt' })
    expect(await within(table).findByText('Episode outline v2')).toBeVisible()
  })

  test('says what is counted where nothing was', async () => {
    server.use(http.get('/api/usage', () => HttpResponse.json({ since: '2026-11-01', until: '2026-11-21', by: 'model', items: [] })))
    openApp('/mara/usage')
    expect(await screen.findByText('No model was asked in these days.')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Try a model' })).toBeVisible()
  })

  test('says what failed, and keeps the rest of the page', async () => {
    server.use(http.get('/api/usage', () => problem(503, 'unavailable', 'The gateway does not answer.')))
    openApp('/mara/usage')
    expect(await screen.findByRole('alert')).toHaveTextContent('The gateway does not answer.')
    expect(await screen.findByRole('region', { name: 'Running now' })).toBeVisible()
  })

  test('gives the same sums as a file', async () => {
    let question: URLSearchParams | null = null
    server.use(http.get('/api/usage.csv', ({ request }) => {
      question = new URL(request.url).searchParams
      return HttpResponse.text('day,group\n', { headers: { 'Content-Type': 'text/csv' } })
    }))
    URL.createObjectURL = vi.fn(() => 'blob:usage')
    URL.revokeObjectURL = vi.fn()
    const saved = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {})
    const { user } = openApp('/mara/usage?by=task')
    await user.click(await screen.findByRole('button', { name: 'Export CSV' }))
    await waitFor(() => expect(saved).toHaveBeenCalledOnce())
    expect(question).toSatisfy((query: URLSearchParams) => query.get('by') === 'task' && query.get('since')?.endsWith('-01') === true)
  })
})

describe('what runs now', () => {
  test('is listed with who asked for it, and is stopped', async () => {
    const stopped: unknown[] = []
    server.use(http.post('/api/generations/:id/cancel', ({ params }) => {
      stopped.push(params.id)
      return HttpResponse.json({ ...running.generation, status: 'cancelled' })
    }))
    const { user } = openApp('/mara/usage')
    const region = await screen.findByRole('region', { name: 'Running now' })
    expect(await within(region).findByText('Writes a document · Mara Kovács')).toBeVisible()
    expect(region).toHaveTextContent('120 tokens')
    await user.click(within(region).getByRole('button', { name: 'Stop simulator/quill for Mara Kovács' }))
    await waitFor(() => expect(stopped).toEqual([running.generation.id]))
  })

  test('tells a viewer why it cannot be stopped', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json({ ...session, capabilities: ['usage.read', 'generations.read'] })))
    openApp('/mara/usage')
    expect(await screen.findByRole('button', { name: /^Stop simulator/ })).toHaveAttribute('aria-disabled', 'true')
    expect(screen.queryByRole('link', { name: 'API keys' })).toBeNull()
  })
})
