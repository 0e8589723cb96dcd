import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openApp } from './open-app'
import { violations } from './faults'
import { aliases, connections, customModel, settings } from './gateway-samples'
import { session } from './samples'
import { problem, server } from './server'

const PAGE = '/mara/settings/models'

/** Keep what the page sends to an address. */
function sent(method: 'post' | 'patch' | 'put' | 'delete', path: string, answer: object): unknown[] {
  const bodies: unknown[] = []
  server.use(http[method](path, async ({ request, params }) => {
    bodies.push(method === 'delete' ? { ...params, ...Object.fromEntries(new URL(request.url).searchParams) } : await request.json())
    return HttpResponse.json(answer)
  }))
  return bodies
}

describe('connections', () => {
  test('say what they are and what is missing, without an accessibility fault', async () => {
    openApp(PAGE)
    const section = await screen.findByRole('region', { name: 'Connections' })
    expect(await within(section).findByText('Set OPENAI_API_KEY.')).toBeVisible()
    expect(within(section).getByText('Anthropic · key …x7Qa')).toBeVisible()
    expect(within(section).queryByRole('button', { name: 'Change openai' })).toBeNull()
    expect(await screen.findByRole('table', { name: 'Models' })).toBeVisible()
    expect(await violations()).toEqual([])
  })

  test('are added with their key, under a name that follows the provider', async () => {
    const bodies = sent('post', '/api/connections', connections[1] ?? {})
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Add connection' }))
    const dialog = await screen.findByRole('dialog', { name: 'Add connection' })
    await user.selectOptions(within(dialog).getByLabelText('Provider'), 'Azure OpenAI')
    expect(within(dialog).getByLabelText('Name')).toHaveValue('azure')
    const add = () => within(dialog).getByRole('button', { name: 'Add connection' })
    expect(add()).toHaveAttribute('aria-disabled', 'true')
    await user.type(within(dialog).getByLabelText('Address'), 'https://x.openai.azure.com/openai/v1')
    await user.type(within(dialog).getByLabelText('API key'), 'secret')
    await user.click(add())
    await waitFor(() => expect(bodies).toEqual([{ revision: 0, name: 'azure', provider: 'azure', base_url: 'https://x.openai.azure.com/openai/v1', api_key: 'secret' }]))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  test('of the installation give their name and provider to one of the project', async () => {
    const bodies = sent('post', '/api/connections', connections[1] ?? {})
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Use own key for openai' }))
    const dialog = await screen.findByRole('dialog', { name: 'Add connection' })
    await user.type(within(dialog).getByLabelText('API key'), 'secret')
    await user.click(within(dialog).getByRole('button', { name: 'Add connection' }))
    await waitFor(() => expect(bodies).toMatchObject([{ revision: 0, name: 'openai', provider: 'openai', api_key: 'secret' }]))
  })

  test('keep their key when nothing is typed, and say that another address clears it', async () => {
    const bodies = sent('patch', '/api/connections/:id', connections[1] ?? {})
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Change anthropic' }))
    const dialog = await screen.findByRole('dialog', { name: 'Change anthropic' })
    expect(within(dialog).getByLabelText(/^API key/)).toHaveAccessibleDescription(/ends in x7Qa/)
    await user.type(within(dialog).getByLabelText(/^Address/), 'https://proxy.example.org')
    expect(within(dialog).getByLabelText(/^API key/)).toHaveAccessibleDescription(/is cleared/)
    await user.clear(within(dialog).getByLabelText(/^Address/))
    await user.click(within(dialog).getByRole('button', { name: 'Save connection' }))
    await waitFor(() => expect(bodies).toMatchObject([{ id: connections[1]?.id, revision: 3, api_key: null, base_url: null }]))
  })

  test('show the refusal of an address beside its field', async () => {
    server.use(http.post('/api/connections', () => problem(422, 'invalid', 'Refused.', { errors: [{ name: 'base_url', message: 'This host is on a private network.' }] })))
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Add connection' }))
    const dialog = await screen.findByRole('dialog', { name: 'Add connection' })
    await user.click(within(dialog).getByRole('button', { name: 'Add connection' }))
    await waitFor(() => expect(within(dialog).getByLabelText(/^Address/)).toHaveAccessibleDescription(/private network/))
  })

  test('are tested with an answer in words', async () => {
    server.use(http.post('/api/connections/anthropic/test', () => HttpResponse.json({ ok: false, detail: 'The provider does not know this key.', milliseconds: 210 })))
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Test anthropic' }))
    expect(await screen.findByText('The provider does not know this key. (210 ms)')).toBeVisible()
  })

  test('can be read, and not changed, by somebody who is no admin', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json({ ...session, capabilities: ['models.read'] })))
    openApp(PAGE)
    expect(await screen.findByText('Read only: an admin of the project changes this.')).toBeVisible()
    expect(await screen.findByRole('button', { name: 'Test anthropic' })).toHaveAttribute('aria-disabled', 'true')
    expect(screen.queryByRole('button', { name: 'Describe anthropic/claude' })).toBeNull()
  })
})

describe('the catalogue', () => {
  test('lists what can be used, and the rest on demand', async () => {
    const { user } = openApp(PAGE)
    const table = await screen.findByRole('table', { name: 'Models' })
    expect(within(table).queryByText('openai/gpt')).toBeNull()
    await user.click(screen.getByRole('checkbox', { name: 'Only what can be used now' }))
    expect(await screen.findByText('openai/gpt')).toBeVisible()
    await user.type(screen.getByRole('searchbox', { name: 'Filter models' }), 'nothing like it')
    expect(await screen.findByText('No model matches these filters.')).toBeVisible()
  })

  test('takes an admin’s description, and forgets it', async () => {
    const saved = sent('post', '/api/custom-models', customModel)
    const removed = sent('delete', '/api/custom-models', { items: [] })
    const { user } = openApp(PAGE)
    await user.click(await screen.findByRole('button', { name: 'Describe anthropic/claude' }))
    const dialog = await screen.findByRole('dialog', { name: 'Describe anthropic/claude' })
    await user.type(within(dialog).getByLabelText(/^Context/), '1000.5')
    expect(within(dialog).getByRole('button', { name: 'Save description' })).toHaveAttribute('aria-disabled', 'true')
    await user.clear(within(dialog).getByLabelText(/^Context/))
    await user.click(within(dialog).getByRole('button', { name: 'Save description' }))
    await waitFor(() => expect(saved).toMatchObject([{ model: 'anthropic/claude', context_tokens: null, input_usd_per_million: '3', capabilities: ['tools'], retires_on: '2026-12-01' }]))
    await user.click(await screen.findByRole('button', { name: 'Describe anthropic/claude' }))
    await user.click(await screen.findByRole('button', { name: 'Forget description' }))
    await waitFor(() => expect(removed).toEqual([{ model: 'anthropic/claude' }]))
  })
})

test('an alias is a chain whose order is changed by buttons', async () => {
  const saved = sent('post', '/api/aliases', aliases[0] ?? {})
  const { user } = openApp(PAGE)
  await user.click(await screen.findByRole('button', { name: 'Change writer' }))
  const dialog = await screen.findByRole('dialog', { name: 'Change writer' })
  await waitFor(() => expect(within(dialog).getByLabelText('Model 1')).toHaveValue('anthropic/claude'))
  await user.click(within(dialog).getByRole('button', { name: 'Move model 1 down' }))
  await user.click(within(dialog).getByRole('button', { name: 'Save alias' }))
  await waitFor(() => expect(saved).toEqual([{ name: 'writer', targets: ['simulator/quill', 'anthropic/claude'] }]))
})

test('the cache and the ceiling are saved together', async () => {
  const saved = sent('put', '/api/gateway-settings', { ...settings, cache_seconds: 3_600 })
  const { user } = openApp(PAGE)
  await user.selectOptions(await screen.findByLabelText('Keep answers'), 'For 1 hour')
  await user.type(screen.getByLabelText(/^Price of models without/), '15')
  await user.click(screen.getByRole('button', { name: 'Save settings' }))
  await waitFor(() => expect(saved).toEqual([{ cache_seconds: 3_600, unknown_price_ceiling_usd_per_million: '15' }]))
})
