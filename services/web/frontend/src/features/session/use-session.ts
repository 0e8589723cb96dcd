import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf, api } from '@/lib/api/client'
import type { Body, Session } from '@/lib/api/types'
import { forgetPerson, meet } from '@/lib/person'
import { reportSignedIn } from '@/lib/signed-out'

/** Returns false where another person's page is in the way; it is left then. */
function begin(client: QueryClient, session: Session): boolean {
  if (session.user && !meet(session.user.id)) return false
  client.setQueryData(['session', null], session)
  reportSignedIn()
  // The guard of a project must not find its old answer, which said that nobody is here.
  void client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] === 'session' && queryKey[1] !== null })
  // What was refused while nobody was signed in is asked again.
  void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
  return true
}

/** Sign in with e-mail and password, or with the token of a link. */
export function useSignIn(onDone: (session: Session) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Body<'signIn'>) => answerOf(api(null).POST('/api/session', { body })),
    onSuccess: (session) => {
      if (begin(client, session)) onDone(session)
    },
  })
}

/** Create the first admin; the token comes from the link that the terminal printed. */
export function useSetUp(onDone: (session: Session) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Body<'setUp'>) => answerOf(api(null).POST('/api/setup', { body })),
    onSuccess: (session) => {
      if (begin(client, session)) onDone(session)
    },
  })
}

/** Sign out and forget everything of this person on this device. */
export function useSignOut(onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => {
      const call = api(null).DELETE('/api/session')
      // Whose session ended already is signed out.
      if ((await call).response.status !== 401) await answerOf(call)
    },
    onSuccess: () => {
      forgetPerson()
      onDone()
      client.clear()
    },
  })
}
