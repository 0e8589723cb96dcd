import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openApp } from './open-app'
import { AUTHOR, promptDetail } from './samples'
import { problem, server } from './server'
import { event } from './streams'

const DRAFT = `scriptorium.of.${AUTHOR}.draft.mara/new-prompt`
const RAW = 'write an outline for {{ premise }} that is good and long'

/** CodeMirror needs a layout to take keys: tests begin with text that an earlier visit left. */
function leaveDraft(part: object = {}): void {
  localStorage.setItem(DRAFT, JSON.stringify({ savedAt: new Date().toISOString(), value: { title: '', titleFrom: 'nobody', template: RAW, model: null, parameters: null, ...part } }))
}

const optimization = (part: object) => ({ id: 'op_1', generation_id: 'ge_1', status: 'running', original: RAW, text: null, lost: [], added: [], detail: null, simulated: true, ...part })

function optimizeWith(result: object): void {
  const end = event('end', { status: 'completed', last_segment: 1, detail: null, usage: {} })
  server.use(
    http.post('/api/optimizations', () => HttpResponse.json(optimization({}), { status: 201 })),
    http.get('/api/generations/ge_1/events', () => new HttpResponse(event('segment', { number: 1, text: 'Write' }, 1) + end, { headers: { 'Content-Type': 'text/event-stream' } })),
    http.get('/api/optimizations/op_1', () => HttpResponse.json(optimization(result))),
  )
}

describe('Create New Prompt', () => {
  test('names the prompt once, shows what is in it, and saves it', async () => {
    leaveDraft()
    let titles = 0
    let saved: unknown = null
    server.use(
      http.post('/api/titles', () => {
        titles += 1
        return HttpResponse.json({ title: 'Good long outline', simulated: true })
      }),
      http.post('/api/prompts', async ({ request }) => {
        expect(request.headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/)
        saved = await request.json()
        return HttpResponse.json(promptDetail, { status: 201 })
      }),
    )
    const { user, router } = openApp('/mara/prompts?new=true')
    const dialog = await screen.findByRole('dialog', { name: 'Create New Prompt' })
    await waitFor(() => expect(within(dialog).getByLabelText('Title')).toHaveValue('Good long outline'))
    expect(within(dialog).getByText('Suggested')).toBeVisible()
    expect(within(dialog).getByText('Simulated model')).toBeVisible()
    expect(await within(dialog).findByText('premise')).toBeVisible()
    await user.click(within(dialog).getByRole('button', { name: 'Save Prompt' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/mara/prompts/${promptDetail.id}`))
    expect(saved).toMatchObject({ title: 'Good long outline', template: RAW, set_slug: 'default' })
    expect(titles).toBe(1)
    await waitFor(() => expect(localStorage.getItem(DRAFT)).toBeNull())
  })

  test('offers to import the JSON of a prompt that was pasted, and opens what came of it', async () => {
    const pasted = '{"id": "pmpt_1", "instructions": "Outline {{premise}}."}'
    leaveDraft({ title: 'Mine', titleFrom: 'person', template: pasted })
    let sent: unknown = null
    server.use(
      http.post('/api/prompts/import', async ({ request }) => {
        sent = await request.json()
        return HttpResponse.json(promptDetail, { status: 201 })
      }),
    )
    const { user, router } = openApp('/mara/prompts?new=true')
    await user.click(await screen.findByRole('button', { name: 'Import it' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/mara/prompts/${promptDetail.id}`))
    expect(sent).toEqual({ source: pasted })
  })

  test('leaves a title alone that a person wrote', async () => {
    leaveDraft({ title: 'Mine', titleFrom: 'person' })
    openApp('/mara/prompts?new=true')
    const dialog = await screen.findByRole('dialog', { name: 'Create New Prompt' })
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(within(dialog).getByLabelText('Title')).toHaveValue('Mine')
  })

  test('shows a rewrite as changes, and takes only those that are kept', async () => {
    leaveDraft({ title: 'Mine', titleFrom: 'person' })
    optimizeWith({ status: 'ready', text: RAW.replace('write', 'Write').replace('good and long', 'short') })
    const { user } = openApp('/mara/prompts?new=true')
    await user.click(await screen.findByRole('button', { name: 'Optimize Prompt' }))
    const changes = await screen.findByRole('region', { name: 'Proposed changes' }, { timeout: 4_000 })
    expect(changes.querySelectorAll('ins')).toHaveLength(2)
    await user.click(within(changes).getByRole('button', { name: 'Undo change 2' }))
    await user.click(screen.getByRole('button', { name: 'Keep 1 of 2' }))
    await waitFor(() => expect(screen.queryByRole('region', { name: 'Proposed changes' })).toBeNull())
    await waitFor(() => expect(localStorage.getItem(DRAFT)).toContain(RAW.replace('write', 'Write')))
  })

  test('refuses a rewrite that lost a parameter, and leaves the text alone', async () => {
    leaveDraft({ title: 'Mine', titleFrom: 'person' })
    optimizeWith({ status: 'refused', lost: ['premise'] })
    const { user } = openApp('/mara/prompts?new=true')
    await user.click(await screen.findByRole('button', { name: 'Optimize Prompt' }))
    expect(await screen.findByText(/The rewrite lost premise, so it must not be used\..*Your text is untouched\./)).toBeVisible()
  })

  test('says that saving still works when no model answers', async () => {
    leaveDraft({ title: 'Mine', titleFrom: 'person' })
    server.use(http.post('/api/optimizations', () => problem(503, 'unavailable', 'The model is away.')))
    const { user } = openApp('/mara/prompts?new=true')
    await user.click(await screen.findByRole('button', { name: 'Optimize Prompt' }))
    expect(await screen.findByText(/The model is away\..*Save Prompt still works\./)).toBeVisible()
    expect(screen.getByRole('button', { name: 'Save Prompt' })).not.toHaveAttribute('aria-disabled')
  })

  test('asks once before closing with text, and keeps it', async () => {
    leaveDraft({ title: 'Mine', titleFrom: 'person' })
    const { user, router } = openApp('/mara/prompts?new=true')
    await screen.findByText('Unsaved draft')
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await user.click(await screen.findByRole('button', { name: 'Keep as draft and close' }))
    await waitFor(() => expect(router.state.location.search).toEqual({}))
    expect(localStorage.getItem(DRAFT)).toContain('write an outline')
  })
})

/** What an earlier visit wrote on top of a version. */
const draft = (baseVersion: number) =>
  localStorage.setItem(`scriptorium.of.${AUTHOR}.draft.mara/prompt/${promptDetail.id}`, JSON.stringify({ savedAt: new Date().toISOString(), value: { baseVersion, template: 'Plan {{ premise }}', parameters: promptDetail.parameters } }))

describe('the page of a prompt', () => {
  test('finds unsaved text again, and commits it with a message', async () => {
    draft(2)
    let body: unknown = null
    server.use(http.post('/api/prompts/:id/versions', async ({ request }) => {
      body = await request.json()
      return HttpResponse.json({ ...promptDetail, latest_version: 3, latest: { ...promptDetail.latest, number: 3, template: 'Plan {{ premise }}', parameters: promptDetail.parameters } }, { status: 201 })
    }))
    const { user } = openApp(`/mara/prompts/${promptDetail.id}`)
    expect(await screen.findByText(/was found on this device/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Commit…' }))
    await user.type(await screen.findByLabelText('What changed?'), 'Plan instead')
    await user.click(screen.getByRole('button', { name: 'Commit version 3' }))
    await waitFor(() => expect(body).toMatchObject({ base_version: 2, template: 'Plan {{ premise }}', message: 'Plan instead' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(screen.getByText('Saved')).toBeVisible()
  })

  test('shows both texts when somebody committed first', async () => {
    draft(1)
    const bodies: { base_version: number }[] = []
    server.use(http.post('/api/prompts/:id/versions', async ({ request }) => {
      bodies.push((await request.json()) as { base_version: number })
      return HttpResponse.json({ ...promptDetail, latest_version: 3 }, { status: 201 })
    }))
    const { user } = openApp(`/mara/prompts/${promptDetail.id}`)
    await user.click(await screen.findByRole('button', { name: 'Commit mine…' }))
    const dialog = await screen.findByRole('dialog', { name: 'This prompt changed while you wrote' })
    expect(within(dialog).getByRole('region').querySelector('del')).toHaveTextContent('Outline')
    expect(within(dialog).getByRole('region').querySelector('ins')).toHaveTextContent('Plan')
    await user.click(within(dialog).getByRole('button', { name: 'Commit mine as version 3' }))
    await waitFor(() => expect(bodies[0]?.base_version).toBe(2))
  })

  test('a missing prompt and a foreign one are not here', async () => {
    server.use(http.get('/api/prompts/:id', () => problem(404, 'not-found', 'Nothing with this id is here.')))
    openApp('/mara/prompts/pr_gone')
    expect(await screen.findByText('This prompt is not here.')).toBeVisible()
  })

  test('lists what the parser found, with its place', async () => {
    server.use(http.post('/api/templates/check', () => HttpResponse.json({ parameters: [], snippets: [], findings: [{ severity: 'error', code: 'syntax', message: '“{{” is never closed.', line: 3, column: 7, length: 2 }] })))
    openApp(`/mara/prompts/${promptDetail.id}`)
    expect(await screen.findByRole('button', { name: /3:7\s*Error\s*“\{\{” is never closed/ })).toBeVisible()
    expect(screen.getByText('1 error')).toBeVisible()
  })
})

test('a rewrite goes on while another tab is open, and its tab says so', async () => {
  optimizeWith({ status: 'ready', text: promptDetail.latest.template.replace('Outline', 'Plan') })
  localStorage.setItem('scriptorium.promptTab', '"optimize"')
  const { user } = openApp(`/mara/prompts/${promptDetail.id}`)
  await user.click(await screen.findByRole('button', { name: 'Optimize Prompt' }))
  await user.click(screen.getByRole('tab', { name: /Preview/ }))
  await user.click(await screen.findByRole('tab', { name: /Optimize.*proposal ready/ }, { timeout: 5_000 }))
  expect(await screen.findByRole('button', { name: 'Keep all' })).toBeVisible()
})

test('a rewrite whose stream is away is asked for', async () => {
  optimizeWith({ status: 'ready', text: promptDetail.latest.template.replace('Outline', 'Plan') })
  server.use(http.get('/api/generations/ge_1/events', () => problem(503, 'unavailable', 'Away.')))
  localStorage.setItem('scriptorium.promptTab', '"optimize"')
  const { user } = openApp(`/mara/prompts/${promptDetail.id}`)
  await user.click(await screen.findByRole('button', { name: 'Optimize Prompt' }))
  expect(await screen.findByRole('button', { name: 'Keep all' })).toBeVisible()
})
