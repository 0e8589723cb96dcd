import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import { AUTHOR, documentSummary, session } from './samples'
import { problem, server } from './server'

const KEPT = `scriptorium.of.${AUTHOR}.`
const keptKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(KEPT))
const draftOf = (person: string) => localStorage.setItem(`scriptorium.of.${person}.draft.mara/new-prompt`, JSON.stringify({ savedAt: new Date().toISOString(), value: { title: 'Mine', titleFrom: 'person', template: 'A secret', model: null, parameters: null } }))

/** Each test is a page of its own, on which nobody is known yet; going to another page is left to the browser. */
async function openPage(address: string) {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.resetModules()
  return (await import('./open-app')).openApp(address)
}

describe('what a browser keeps belongs to one person', () => {
  test('another person does not find an unsaved draft', async () => {
    draftOf('us_somebody_else')
    await openPage('/mara/prompts?new=true')
    await screen.findByRole('dialog', { name: 'Create New Prompt' })
    expect(screen.queryByText('Unsaved draft')).toBeNull()
    expect(localStorage.getItem('scriptorium.of.us_somebody_else.draft.mara/new-prompt')).not.toBeNull()
  })

  test('another person who signs in over the page begins on a fresh one, and what was written stays under its writer', async () => {
    draftOf(AUTHOR)
    server.use(
      http.get('/api/documents', () => problem(401, 'unauthenticated', 'Sign in to go on.')),
      http.post('/api/session', () => HttpResponse.json({ ...session, user: { ...session.user, id: 'us_somebody_else' } })),
    )
    const { user, queryClient } = await openPage('/mara')
    const sheet = await screen.findByRole('dialog', { name: 'Sign in again' })
    await user.type(within(sheet).getByLabelText('E-mail'), 'vik@example.org')
    await user.type(within(sheet).getByLabelText('Password'), 'a long sentence')
    await user.click(within(sheet).getByRole('button', { name: 'Sign in' }))
    await waitFor(() => expect(within(sheet).getByRole('button', { name: 'Sign in' })).not.toHaveAttribute('aria-busy'))
    expect(JSON.stringify(queryClient.getQueriesData({ queryKey: ['session'] }))).not.toContain('us_somebody_else')
    expect(keptKeys()).toContain(`${KEPT}draft.mara/new-prompt`)
    expect(Object.keys(localStorage).filter((key) => key.includes('us_somebody_else'))).toEqual([])
  })
})

test('signing out leaves nothing of the person', async () => {
  draftOf(AUTHOR)
  server.use(http.delete('/api/session', () => problem(401, 'unauthenticated', 'Sign in to go on.')), http.get('/api/documents', () => HttpResponse.json({ items: [documentSummary], next_cursor: null, total: 1 })))
  const { user } = await openPage('/mara')
  await screen.findByRole('heading', { name: 'Desk' })
  expect(keptKeys().length).toBeGreaterThan(1)
  await user.click(screen.getByRole('button', { name: /Account of/ }))
  await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }))
  await waitFor(() => expect(keptKeys()).toEqual([]))
  expect(screen.queryByRole('dialog', { name: 'Sign in again' })).toBeNull()
})
