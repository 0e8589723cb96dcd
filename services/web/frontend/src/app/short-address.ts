import type { QueryClient } from '@tanstack/react-query'
import { redirect } from '@tanstack/react-router'
import { sessionQuery } from '@/lib/api/queries'
import type { Session } from '@/lib/api/types'
import { ofPerson } from '@/lib/person'

export const LAST_PROJECT = 'lastProject'

/** Where somebody goes who named no project: the one used last, else the first. */
export function homeOf(session: Session): string {
  const last = ofPerson<string | null>(LAST_PROJECT, null)
  const slug = session.projects.find((project) => project.slug === last)?.slug ?? session.projects[0]?.slug
  return slug ? `/${slug}` : '/login'
}

/** A path of our own, or null: an address from outside must not lead elsewhere after the sign-in. */
export function ownPath(path: string | undefined): string | null {
  return path && /^\/(?![/\\])/.test(path) ? path : null
}

/** Who is signed in; nobody is sent to the sign-in, or to the set-up where there is no admin yet. */
export async function signedIn(client: QueryClient, project: string | null, next: string): Promise<Session> {
  const session = await client.ensureQueryData(sessionQuery(project))
  if (!session.set_up) throw redirect({ to: '/setup' })
  if (!session.user) throw redirect({ to: '/login', search: { next } })
  return session
}

/** The short addresses that people know lead to the same page of the project used last. */
export async function toLastProject(client: QueryClient, href: string): Promise<never> {
  const session = await signedIn(client, null, href)
  throw redirect({ href: homeOf(session) + href, replace: true })
}
