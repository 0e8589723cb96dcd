import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openApp } from './open-app'
import { violations } from './faults'
import { apiKey } from './gateway-samples'
import { session } from './samples'
import { server } from './server'

const PAGE = '/mara/keys'

describe('API keys', () => {
  test('are listed with what they may do and spend, without an accessibility fault', async () => {
    openApp(PAGE)
    const list = await screen.findByRole('list', { name: 'API keys' })
    expect(list).toHaveTextContent('Ask models, through the official SDKs')
    expect(await within(list).findByRole('meter', { name: 'Budget of Checkout, spent' })).toBeVisible()
    expect(within(list).getByRole('link', { name: 'Limit of Checkout' })).toHaveAttribute('href', `/mara/settings/budgets?limit=${apiKey.id}`)
    expect(await violations()).toEqual([])
  })

  test('are made with what a program needs, and shown once', async () => {
    let body: Record<string, unknown> = {}
    server.use(http.post('/api/keys', async ({ request }) => {
      body = (await request.json()) as Record<string, unknown>
      return HttpResponse.json({ ...apiKey, name: 'Shop', api_key: 'sk_once' }, { status: 201 })
    }))
    const { user, queryClient } = openApp(PAGE)
    await screen.findByRole('list', { name: 'API keys' })
    await user.keyboard('c')
    const dialog = await screen.findByRole('dialog', { name: 'Create API key' })
    expect(within(dialog).queryByText(/keys\.manage/)).toBeNull()
    await user.type(within(dialog).getByLabelText('Name'), 'Shop')
    await user.click(within(dialog).getByRole('checkbox', { name: 'Read documents' }))
    await user.click(within(dialog).getByRole('button', { name: 'Create key' }))
    const shown = await screen.findByRole('dialog', { name: 'The key “Shop”' })
    expect(body.scopes).toEqual(['models.call', 'models.read', 'documents.read'])
    expect(body.expires_at).toMatch(/^\d{4}-\d\d-\d\dT00:00:00Z$/)
    expect(within(shown).getByLabelText('API key')).toHaveTextContent('sk_once')
    expect(within(shown).getByText(/base_url="http:\/\/127\.0\.0\.1:8004\/v1", api_key="sk_once"/)).toBeVisible()
    await user.click(within(shown).getByRole('button', { name: 'I have copied it' }))
    expect(JSON.stringify(queryClient.getQueryCache().getAll().map(({ state }) => state.data))).not.toContain('sk_once')
    expect(document.body.textContent).not.toContain('sk_once')
  })

  test('are revoked after a question, and then only listed on demand', async () => {
    let revoked = false
    server.use(
      http.get('/api/keys', () => HttpResponse.json({ items: [{ ...apiKey, revoked_at: revoked ? '2026-11-21T05:00:00Z' : null }] })),
      http.delete('/api/keys/:id', () => {
        revoked = true
        return HttpResponse.json({ done: true })
      }),
    )
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Revoke Checkout' }))
    await user.click(await screen.findByRole('button', { name: 'Revoke key' }))
    expect(await screen.findByText('No key works now.')).toBeVisible()
    await user.click(screen.getByRole('checkbox', { name: 'Also show 1 key that opens nothing any more' }))
    expect(await screen.findByText('Revoked')).toBeVisible()
  })

  test('are for admins; how to call is for everybody', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json({ ...session, capabilities: ['models.read'] })))
    const { user } = openApp(PAGE)
    expect(await screen.findByText('Keys are for admins.')).toBeVisible()
    const how = screen.getByRole('region', { name: 'How to call' })
    await user.click(within(how).getByRole('button', { name: 'Anthropic for Python' }))
    await waitFor(() => expect(how).toHaveTextContent('Anthropic(base_url="http://127.0.0.1:8004", api_key="sk_YOUR_KEY")'))
  })
})
