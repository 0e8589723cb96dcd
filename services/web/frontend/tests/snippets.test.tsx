import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { nameProblem } from '@/features/snippets/create-snippet-dialog'
import { openApp } from './open-app'
import { snippet } from './samples'
import { problem, server } from './server'

describe('snippets', () => {
  test('shows the chosen one and why it cannot be deleted', async () => {
    openApp('/mara/snippets?s=house-style')
    expect(await screen.findByRole('heading', { name: '@house-style' })).toBeVisible()
    expect(screen.getByText(/Used by 1 prompt\./)).toBeVisible()
    expect(screen.getByRole('button', { name: 'Delete' })).toHaveAttribute('aria-disabled', 'true')
  })

  test('saves while somebody writes, on top of the revision that they saw', async () => {
    const bodies: unknown[] = []
    server.use(http.patch('/api/snippets/:id', async ({ request }) => {
      bodies.push(await request.json())
      return HttpResponse.json({ ...snippet, revision: 2, description: 'For reports' })
    }))
    const { user } = openApp('/mara/snippets?s=house-style')
    const field = await screen.findByLabelText('Description')
    await user.clear(field)
    await user.type(field, 'For reports')
    expect(screen.getByText('Unsaved changes')).toBeVisible()
    await waitFor(() => expect(bodies).toEqual([{ revision: 1, content: 'Short sentences.', description: 'For reports' }]), { timeout: 4_000 })
    expect(await screen.findByText('Saved')).toBeVisible()
  })

  test('shows both texts at a conflict, and saves mine on top of theirs', async () => {
    const revisions: number[] = []
    let theirs = snippet
    server.use(
      http.get('/api/snippets', () => HttpResponse.json({ items: [theirs] })),
      http.patch('/api/snippets/:id', async ({ request }) => {
        const { revision } = (await request.json()) as { revision: number }
        revisions.push(revision)
        if (revision === 5) return HttpResponse.json({ ...snippet, revision: 6 })
        theirs = { ...snippet, content: 'Long sentences.', revision: 5 }
        return problem(409, 'snippet-changed', 'Somebody changed this snippet meanwhile.')
      }),
    )
    const { user } = openApp('/mara/snippets?s=house-style')
    await user.type(await screen.findByLabelText('Description'), '!')
    await user.keyboard('{Control>}s{/Control}')
    const dialog = await screen.findByRole('dialog', { name: 'This snippet changed while you wrote' })
    await waitFor(() => expect(within(dialog).getByRole('region').querySelector('del')).toHaveTextContent('Long'))
    await user.click(within(dialog).getByRole('button', { name: 'Save mine' }))
    await waitFor(() => expect(revisions).toEqual([1, 5]), { timeout: 4_000 })
  })

  test('checks a name as it is typed', () => {
    expect(nameProblem('house-style', ['house-style'])).toBe('Another snippet has this name.')
    expect(nameProblem('House', [])).toBe('Begin with a small letter.')
    expect(nameProblem('house_style', [])).toBe('Use small letters, digits and hyphens only.')
    expect(nameProblem('house-2', [])).toBeNull()
  })
})
