import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { violations } from './faults'
import { openApp } from './open-app'
import { documentSummary, promptSummary, session } from './samples'
import { problem, server } from './server'

const empty = { items: [], next_cursor: null, total: 0 }

describe('the list of prompts', () => {
  test('shows prompts with versions, labels and snippets, without an accessibility fault', async () => {
    openApp('/mara/prompts')
    const table = await screen.findByRole('table', { name: 'Prompts' })
    expect(within(table).getByRole('link', { name: 'Episode outline' })).toHaveAttribute('href', `/mara/prompts/${promptSummary.id}`)
    expect(within(table).getByText('production v1')).toBeVisible()
    expect(within(table).getByRole('link', { name: '@house-style' })).toBeVisible()
    expect(await violations()).toEqual([])
  })

  test('says what a prompt is for when there is none', async () => {
    server.use(http.get('/api/prompts', () => HttpResponse.json(empty)))
    openApp('/mara/prompts')
    expect(await screen.findByText('Nothing is written yet.')).toBeVisible()
    expect(screen.getAllByRole('button', { name: 'Create New Prompt' })).toHaveLength(2)
  })

  test('offers to clear filters that match nothing', async () => {
    server.use(http.get('/api/prompts', ({ request }) => HttpResponse.json(new URL(request.url).searchParams.get('query') ? empty : { ...empty, items: [promptSummary], total: 1 })))
    const { user, router } = openApp('/mara/prompts?q=zebra')
    await user.click(await screen.findByRole('button', { name: 'Clear filters' }))
    expect(await screen.findByRole('link', { name: 'Episode outline' })).toBeVisible()
    expect(router.state.location.search).toEqual({})
  })

  test('says what failed, what is safe and tries again', async () => {
    server.use(http.get('/api/prompts', () => problem(503, 'unavailable', 'The prompts service does not answer.')))
    const { user } = openApp('/mara/prompts')
    const alert = await screen.findByRole('alert')
    expect(alert).toHaveTextContent('The prompts service does not answer. Nothing was changed.')
    expect(alert).toHaveTextContent('req_test')
    server.resetHandlers()
    await user.click(within(alert).getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('link', { name: 'Episode outline' })).toBeVisible()
  })

  test('shows that it loads, and keeps quiet for the first moment', async () => {
    server.use(http.get('/api/prompts', () => new Promise<never>(() => {})))
    openApp('/mara/prompts')
    expect(await screen.findByText('Loading prompts')).toBeInTheDocument()
  })

  test('sorts by title, and the address remembers it', async () => {
    const other = { ...promptSummary, id: 'pr_00000000007000400000000009', title: 'Zebra', updated_at: '2026-11-21T05:00:00Z' }
    server.use(http.get('/api/prompts', () => HttpResponse.json({ items: [promptSummary, other], next_cursor: null, total: 2 })))
    const { user, router } = openApp('/mara/prompts')
    const table = await screen.findByRole('table', { name: 'Prompts' })
    const titles = () => within(table).getAllByRole('link').filter((link) => 'rowLink' in link.dataset).map((link) => link.textContent)
    expect(titles()).toEqual(['Zebra', 'Episode outline'])
    await user.click(within(table).getByRole('button', { name: 'Title' }))
    await waitFor(() => expect(titles()).toEqual(['Episode outline', 'Zebra']))
    expect(router.state.location.search).toEqual({ sort: 'title', up: true })
  })

  test('deletes with a way back', async () => {
    const calls: string[] = []
    server.use(
      http.delete('/api/prompts/:id', () => {
        calls.push('delete')
        return HttpResponse.json({ done: true })
      }),
      http.post('/api/prompts/:id/restore', () => {
        calls.push('restore')
        return HttpResponse.json(promptSummary)
      }),
    )
    const { user } = openApp('/mara/prompts')
    await user.click(await screen.findByRole('button', { name: 'Actions for Episode outline' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Delete' }))
    await user.click(await screen.findByRole('button', { name: 'Undo' }))
    await waitFor(() => expect(calls).toEqual(['delete', 'restore']))
  })

  test('acts by key on the row with the focus', async () => {
    const deleted: unknown[] = []
    server.use(http.delete('/api/prompts/:id', ({ params }) => {
      deleted.push(params.id)
      return HttpResponse.json({ done: true })
    }))
    const { user, router } = openApp('/mara/prompts')
    await screen.findByRole('table', { name: 'Prompts' })
    await user.keyboard('{Delete}')
    expect(deleted).toEqual([])
    await user.keyboard('j{Delete}')
    await waitFor(() => expect(deleted).toEqual([promptSummary.id]))
    await user.keyboard('je')
    await waitFor(() => expect(router.state.location).toMatchObject({ pathname: `/mara/prompts/${promptSummary.id}`, hash: 'rename' }))
  })

  test('tells a viewer why nothing can be created', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json({ ...session, capabilities: ['prompts.read'] })))
    const { user } = openApp('/mara/prompts')
    const button = await screen.findByRole('button', { name: 'Create New Prompt' })
    await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'))
    await user.hover(button)
    expect(await screen.findByRole('tooltip')).toHaveTextContent('Ask an admin of the project.')
  })

  test('draws only what is in sight of 1,000 prompts', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ ...promptSummary, id: `pr_${index}`, title: `Prompt ${index}` }))
    server.use(http.get('/api/prompts', () => HttpResponse.json({ items: many, next_cursor: null, total: 1_000 })))
    openApp('/mara/prompts')
    const table = await screen.findByRole('table', { name: 'Prompts' })
    expect(table).toHaveAttribute('aria-rowcount', '1001')
    expect(within(table).queryAllByRole('row').length).toBeLessThan(100)
  })
})

describe('the list of documents', () => {
  test('shows state, words and that a simulated model wrote it, as table and as grid', async () => {
    server.use(http.get('/api/documents', () => HttpResponse.json({ items: [{ ...documentSummary, status: 'interrupted' }], next_cursor: null, total: 1 })))
    const { user } = openApp('/mara/documents')
    const table = await screen.findByRole('table', { name: 'Documents' })
    expect(within(table).getByText('Interrupted')).toBeVisible()
    expect(within(table).getByText('Simulated model')).toBeVisible()
    expect(await violations()).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Grid' }))
    expect(await screen.findByText('The ferry leaves at six.')).toBeVisible()
  })

  test('filters by state through the address', async () => {
    const asked: (string | null)[] = []
    server.use(http.get('/api/documents', ({ request }) => {
      asked.push(new URL(request.url).searchParams.get('status'))
      return HttpResponse.json(empty)
    }))
    const { user, router } = openApp('/mara/documents')
    await user.selectOptions(await screen.findByRole('combobox', { name: 'State' }), 'Failed')
    await waitFor(() => expect(asked.at(-1)).toBe('failed'))
    expect(router.state.location.search).toEqual({ status: 'failed' })
    expect(await screen.findByText('No document matches these filters.')).toBeVisible()
  })

  test('says what a document is when there is none', async () => {
    server.use(http.get('/api/documents', () => HttpResponse.json(empty)))
    openApp('/mara/documents')
    expect(await screen.findByText('No documents yet.')).toBeVisible()
  })
})

describe('the desk', () => {
  test('shows what runs, what waits and what was touched last', async () => {
    server.use(http.get('/api/documents', () => HttpResponse.json({ items: [{ ...documentSummary, status: 'generating' }, { ...documentSummary, id: 'do_2', title: 'Broken', status: 'failed' }], next_cursor: null, total: 2 })))
    openApp('/mara')
    const running = await screen.findByRole('region', { name: 'Running now' })
    expect(within(running).getByRole('link', { name: 'The last ferry' })).toBeVisible()
    expect(within(screen.getByRole('region', { name: 'Waiting for you' })).getByText('Broken')).toBeVisible()
    expect(await violations()).toEqual([])
  })

  test('begins with a prompt where there is nothing', async () => {
    server.use(http.get('/api/documents', () => HttpResponse.json(empty)), http.get('/api/prompts', () => HttpResponse.json(empty)))
    openApp('/mara')
    expect(await screen.findByRole('link', { name: 'Write a prompt' })).toBeVisible()
  })
})
