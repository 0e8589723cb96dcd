import { screen, waitFor } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { ownPath } from '@/app/short-address'
import { openApp } from './open-app'
import { session } from './samples'
import { problem, server } from './server'

const nobody = { set_up: true, user: null, projects: [], capabilities: [] }

describe('who may come in', () => {
  test('nobody is sent to the sign-in and comes back to where they wanted to go', async () => {
    let signedIn = false
    server.use(
      http.get('/api/session', () => HttpResponse.json(signedIn ? session : nobody)),
      http.post('/api/session', async ({ request }) => {
        expect(await request.json()).toEqual({ email: 'mara@example.org', password: 'a long sentence' })
        expect(request.headers.get('scriptorium-request')).toBe('1')
        signedIn = true
        return HttpResponse.json(session)
      }),
    )
    const { user, router } = openApp('/mara/prompts?q=out')
    await user.type(await screen.findByLabelText('E-mail'), 'mara@example.org')
    expect(router.state.location.pathname).toBe('/login')
    await user.type(screen.getByLabelText('Password'), 'a long sentence')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    expect(await screen.findByRole('heading', { name: 'Prompts' })).toBeVisible()
    expect(router.state.location.href).toBe('/mara/prompts?q=out')
  })

  test('a refused sign-in is said beside what was typed', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json(nobody)), http.post('/api/session', () => problem(401, 'sign-in-refused', 'E-mail or password is not right.')))
    const { user } = openApp('/login')
    await user.type(await screen.findByLabelText('E-mail'), 'mara@example.org')
    await user.type(screen.getByLabelText('Password'), 'wrong')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('E-mail or password is not right.')
    expect(screen.getByLabelText('E-mail')).toHaveValue('mara@example.org')
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  test('a fresh installation asks for the link, and with it for the admin', async () => {
    server.use(http.get('/api/session', () => HttpResponse.json({ ...nobody, set_up: false })))
    openApp('/')
    expect(await screen.findByText(/Open the sign-in link that the terminal printed/)).toBeVisible()
    const { user } = openApp('/setup?token=abc')
    server.use(http.post('/api/setup', () => problem(422, 'invalid', 'Refused.', { errors: [{ name: 'password', message: 'Use at least 12 characters.' }] })))
    await user.type(await screen.findByLabelText('Your name'), 'Mara')
    await user.type(screen.getByLabelText('E-mail'), 'mara@example.org')
    await user.type(screen.getByLabelText('Password'), 'shortish')
    await user.click(screen.getByRole('button', { name: 'Create the admin' }))
    await waitFor(() => expect(screen.getByLabelText('Password')).toHaveAccessibleDescription(/at least 12 characters/))
  })

  test('a link signs in by a press only', async () => {
    let used = 0
    server.use(http.post('/api/session', async ({ request }) => {
      used += 1
      expect(await request.json()).toEqual({ token: 'abc' })
      return problem(410, 'sign-in-link-refused', 'This link was used or is older than 15 minutes.')
    }))
    const { user } = openApp('/signin?token=abc')
    const button = await screen.findByRole('button', { name: 'Sign in' })
    expect(used).toBe(0)
    await user.click(button)
    expect(await screen.findByRole('alert')).toHaveTextContent('older than 15 minutes')
  })

  test('a session that ends asks to sign in over the page, and the page goes on', async () => {
    let known = false
    server.use(
      http.get('/api/prompts', () => (known ? HttpResponse.json({ items: [], next_cursor: null, total: 0 }) : problem(401, 'unauthenticated', 'Sign in to go on.'))),
      http.post('/api/session', () => {
        known = true
        return HttpResponse.json(session)
      }),
    )
    const { user, router } = openApp('/mara/prompts')
    expect(await screen.findByRole('dialog', { name: 'Sign in again' })).toBeVisible()
    await user.type(screen.getByLabelText('E-mail'), 'mara@example.org')
    await user.type(screen.getByLabelText('Password'), 'a long sentence')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    expect(await screen.findByText('Nothing is written yet.')).toBeVisible()
    expect(router.state.location.pathname).toBe('/mara/prompts')
  })
})

describe('addresses', () => {
  test('short ones lead to the project used last', async () => {
    const { router } = openApp('/context')
    await screen.findByRole('heading', { name: 'Snippets' })
    expect(router.state.location.pathname).toBe('/mara/snippets')
  })

  test('a project of somebody else and one that does not exist look alike', async () => {
    openApp('/theirs/prompts')
    expect(await screen.findByText('Nothing is at this address.')).toBeVisible()
    server.use(http.get('/api/session', ({ request }) => (request.headers.get('scriptorium-project') === 'gone' ? problem(404, 'not-found', 'Nothing.') : HttpResponse.json(session))))
    openApp('/gone/prompts')
    await waitFor(() => expect(screen.getAllByText('Nothing is at this address.')).toHaveLength(2))
  })

  test('only paths of our own are followed after the sign-in', () => {
    expect([ownPath('/mara'), ownPath('//evil.example'), ownPath('/\\evil.example'), ownPath('https://evil.example'), ownPath(undefined)]).toEqual(['/mara', null, null, null, null])
  })
})
