import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import { staleKeys } from '@/app/live-updates'
import { promptDetail } from './samples'
import { openApp } from './open-app'
import { server } from './server'

describe('the shell', () => {
  test('goes to the rooms by keys, but not while somebody types', async () => {
    const { user, router } = openApp('/mara')
    await screen.findByRole('heading', { name: 'Desk' })
    await user.keyboard('gp')
    expect(await screen.findByRole('heading', { name: 'Prompts' })).toBeVisible()
    await waitFor(() => expect(screen.getByRole('heading', { name: 'Prompts' })).toHaveFocus())
    await user.type(screen.getByRole('searchbox', { name: 'Filter prompts' }), 'go')
    await user.keyboard('{Escape}')
    expect(router.state.location.pathname).toBe('/mara/prompts')
  })

  test('the palette finds, goes and creates', async () => {
    server.use(http.get('/api/search', () => HttpResponse.json({ items: [{ kind: 'prompt', id: promptDetail.id, title: 'Episode outline', subtitle: 'Prompt' }] })))
    const { user, router } = openApp('/mara')
    await screen.findByRole('heading', { name: 'Desk' })
    await user.keyboard('{Control>}k{/Control}')
    const input = await screen.findByPlaceholderText(/Find or do/)
    expect(screen.getByRole('option', { name: /Go to Documents/ })).toBeVisible()
    await user.type(input, 'outline')
    const found = await screen.findByRole('option', { name: /Episode outline/ })
    expect(screen.getByRole('option', { name: 'Create prompt titled “outline”' })).toBeVisible()
    await waitFor(() => expect(found).toHaveAttribute('aria-selected', 'true'))
    await user.keyboard('{Enter}')
    await waitFor(() => expect(router.state.location.pathname).toBe(`/mara/prompts/${promptDetail.id}`))
  })

  test('the sheet of shortcuts comes from the same registry', async () => {
    const { user } = openApp('/mara/prompts')
    await screen.findByRole('heading', { name: 'Prompts' })
    await user.keyboard('?')
    const sheet = await screen.findByRole('dialog', { name: 'Help and shortcuts' })
    expect(within(sheet).getByText('Create New Prompt')).toBeVisible()
    await user.click(within(sheet).getByRole('checkbox', { name: 'Single letters work as shortcuts' }))
    expect(localStorage.getItem('scriptorium.singleKeys')).toBe('false')
  })

  test('says that it is offline, and why things cannot be done then', async () => {
    openApp('/mara/prompts')
    await screen.findByRole('heading', { name: 'Prompts' })
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    window.dispatchEvent(new Event('offline'))
    expect(await screen.findByText('Offline. Edits are kept on this device.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Create New Prompt' })).toHaveAttribute('aria-disabled', 'true')
  })

  test('says that the model is simulated, signs out', async () => {
    let out = false
    server.use(http.delete('/api/session', () => {
      out = true
      return new Promise<never>(() => {})
    }))
    const { user } = openApp('/mara')
    expect((await screen.findAllByText('Simulated model')).length).toBeGreaterThan(0)
    await user.click(screen.getByRole('button', { name: /Account of\s*Mara Kovács/ }))
    expect(await screen.findByText(/Mara’s project · Admin/)).toBeVisible()
    await user.click(screen.getByRole('menuitem', { name: 'Sign out' }))
    await waitFor(() => expect(out).toBe(true))
  })
})

test('a change makes its list and its item stale, and nothing else', () => {
  expect(staleKeys('mara', { entity: 'prompt_version', id: 'pr_1', action: 'committed' })).toEqual([['mara', 'prompt', 'list'], ['mara', 'prompt', 'pr_1']])
  expect(staleKeys('mara', { entity: 'document', id: 'do_1', action: 'updated' })).toEqual([['mara', 'document', 'list'], ['mara', 'document', 'do_1']])
  expect(staleKeys('mara', { entity: 'snippet', id: 'sn_1', action: 'updated' })).toEqual([['mara', 'snippet']])
  expect(staleKeys('mara', { entity: 'generation', id: 'ge_1', action: 'completed' })).toEqual([['mara', 'running'], ['mara', 'budget'], ['mara', 'usage']])
  expect(staleKeys('mara', { entity: 'connection', id: 'co_1', action: 'saved' })).toEqual([['mara', 'connection'], ['mara', 'model']])
  expect(staleKeys('mara', { entity: 'project', id: 'pj_1', action: 'renamed' })).toEqual([])
})
