import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf, api } from '@/lib/api/client'
import type { Body, Session } from '@/lib/api/types'
import { dropAllDrafts } from '@/lib/drafts'
import { reportSignedIn } from '@/lib/signed-out'

function begin(client: QueryClient, session: Session): void {
  client.setQueryData(['session', null], session)
  reportSignedIn()
  // The guard of a project must not find its old answer, which said that nobody is here.
  void client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] === 'session' && queryKey[1] !== null })
  // What was refused while nobody was signed in is asked again.
  void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
}

/** Sign in with e-mail and password, or with the token of a link. */
export function useSignIn(onDone: (session: Session) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Body<'signIn'>) => answerOf(api(null).POST('/api/session', { body })),
    onSuccess: (session) => {
      begin(client, session)
      onDone(session)
    },
  })
}

/** Create the first admin; the token comes from the link that the terminal printed. */
export function useSetUp(onDone: (session: Session) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Body<'setUp'>) => answerOf(api(null).POST('/api/setup', { body })),
    onSuccess: (session) => {
      begin(client, session)
      onDone(session)
    },
  })
}

/** Sign out and forget everything of this person on this device. */
export function useSignOut(onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answerOf(api(null).DELETE('/api/session')),
    onSuccess: () => {
      dropAllDrafts()
      onDone()
      client.clear()
    },
  })
}
