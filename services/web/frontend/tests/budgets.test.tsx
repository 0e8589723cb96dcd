import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openApp } from './open-app'
import { violations } from './faults'
import { apiKey, budget, limit } from './gateway-samples'
import { session } from './samples'
import { problem, server } from './server'

const PAGE = '/mara/settings/budgets'

describe('budgets', () => {
  test('show what is spent and held, without an accessibility fault', async () => {
    openApp(PAGE)
    const meter = await screen.findByRole('meter', { name: 'Checkout, a month, spent' })
    expect(meter).toHaveAttribute('aria-valuetext', '$16.20 of $20.00 this month, $0.50 held by calls under way')
    expect(await screen.findByText('600 requests a minute · 20 calls at once')).toBeVisible()
    expect(await violations()).toEqual([])
  })

  test('say that calls are refused once they are spent, counting a raise that holds', async () => {
    const raised = { ...budget, id: 'bu_2', scope: 'project', scope_id: null, spent_usd: '22', raised_usd: '5', raised_until: '2999-01-01T00:00:00Z' }
    server.use(http.get('/api/budgets', () => HttpResponse.json({ items: [{ ...budget, spent_usd: '20' }, raised] })))
    openApp(PAGE)
    expect(await screen.findByText(/\$20\.00 of \$20\.00 this month.*Further calls are refused/)).toBeVisible()
    expect(screen.getByRole('meter', { name: 'The whole project, a month, spent' })).toHaveAttribute('aria-valuemax', '25')
  })

  test('are set for a key that the address names', async () => {
    let body: unknown = null
    server.use(http.post('/api/budgets', async ({ request }) => {
      body = await request.json()
      return HttpResponse.json(budget)
    }))
    const { user, router } = openApp(`${PAGE}?budget=${apiKey.id}`)
    const dialog = await screen.findByRole('dialog', { name: 'Add budget' })
    await waitFor(() => expect(within(dialog).getByLabelText('For')).toHaveDisplayValue('Checkout'))
    await user.type(within(dialog).getByLabelText('US dollars'), '12.5')
    await user.selectOptions(within(dialog).getByLabelText('Period'), 'a day')
    await user.click(within(dialog).getByRole('button', { name: 'Add budget' }))
    await waitFor(() => expect(body).toEqual({ scope: 'key', scope_id: apiKey.id, period: 'day', limit_usd: '12.5' }))
    await waitFor(() => expect(router.state.location.search).toEqual({}))
  })

  test('are raised for a while, and a refusal is told', async () => {
    server.use(http.post('/api/budgets/:id/raise', () => problem(403, 'forbidden', 'This needs the role admin.')))
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: /^Raise for a while: Checkout/ }))
    const dialog = await screen.findByRole('dialog', { name: 'Raise the budget: Checkout' })
    await user.type(within(dialog).getByLabelText('US dollars more'), '5')
    await user.click(within(dialog).getByRole('button', { name: 'Raise budget' }))
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('Not saved. This needs the role admin.')
  })

  test('are read by members, and changed by admins', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json({ ...session, capabilities: ['usage.read'] })))
    openApp(`${PAGE}?budget=${apiKey.id}`)
    expect(await screen.findByText('Read only: an admin of the project changes this.')).toBeVisible()
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(await screen.findByRole('button', { name: 'Add limit' })).toHaveAttribute('aria-disabled', 'true')
  })
})

test('a limit is changed and removed', async () => {
  const bodies: unknown[] = []
  server.use(http.post('/api/limits', async ({ request }) => {
    bodies.push(await request.json())
    return HttpResponse.json({ items: [limit] })
  }))
  const { user } = openApp(PAGE)
  await user.click(await screen.findByRole('button', { name: 'Change the limit: The whole project' }))
  const dialog = await screen.findByRole('dialog', { name: 'Change limit' })
  await user.clear(within(dialog).getByLabelText(/^Calls at once/))
  await user.click(within(dialog).getByRole('button', { name: 'Save limit' }))
  await waitFor(() => expect(bodies).toEqual([{ scope: 'project', scope_id: null, requests_per_minute: 600, tokens_per_minute: null, parallel: null }]))
  await user.click(screen.getByRole('button', { name: 'Remove the limit: The whole project' }))
  await waitFor(() => expect(bodies[1]).toEqual({ scope: 'project', scope_id: null, requests_per_minute: null, tokens_per_minute: null, parallel: null }))
})
