import { screen, waitFor } from '@testing-library/react'
import { http } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import { openApp } from './open-app'
import { AUTHOR } from './samples'
import { problem, server } from './server'

const draftOf = (person: string) => localStorage.setItem(`scriptorium.of.${person}.draft.mara/new-prompt`, JSON.stringify({ savedAt: new Date().toISOString(), value: { title: 'Mine', titleFrom: 'person', template: 'A secret', model: null, parameters: null } }))

const kept = () => Object.keys(localStorage).filter((key) => key.includes(AUTHOR))

// A page that was left knows nobody any more: this file has a worker of its own, and its last test leaves.
describe('what a browser keeps belongs to one person', () => {
  test('another person does not find an unsaved draft', async () => {
    draftOf('us_somebody_else')
    openApp('/mara/prompts?new=true')
    await screen.findByRole('dialog', { name: 'Create New Prompt' })
    expect(screen.queryByText('Unsaved draft')).toBeNull()
    expect(localStorage.getItem('scriptorium.of.us_somebody_else.draft.mara/new-prompt')).not.toBeNull()
  })

  test('signing out leaves nothing of the person, also where the session had ended already', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    draftOf(AUTHOR)
    server.use(http.delete('/api/session', () => problem(401, 'unauthenticated', 'Sign in to go on.')))
    const { user } = openApp('/mara')
    await screen.findByRole('heading', { name: 'Desk' })
    expect(kept().length).toBeGreaterThan(1)
    await user.click(await screen.findByRole('button', { name: /Account of/ }))
    await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }))
    await waitFor(() => expect(kept()).toEqual([]))
    expect(screen.queryByRole('dialog', { name: 'Sign in again' })).toBeNull()
  })
})
