import createClient, { type Middleware } from 'openapi-fetch'
import { Problem, problemFrom } from '@/lib/api/problem'
import type { paths } from '@/lib/api/schema'
import { reportSignedOut } from '@/lib/signed-out'

const READS = new Set(['GET', 'HEAD'])

/** The headers that the BFF asks of every call of the browser: the project, and on mutations the proof that our page sent it. */
export function callHeaders(project: string | null, method: string): Record<string, string> {
  return {
    ...(project ? { 'Scriptorium-Project': project } : {}),
    ...(READS.has(method) ? {} : { 'Scriptorium-Request': '1', 'Content-Type': 'application/json' }),
  }
}

function headersFor(project: string | null): Middleware {
  return {
    onRequest({ request }) {
      for (const [name, value] of Object.entries(callHeaders(project, request.method))) request.headers.set(name, value)
      return request
    },
  }
}

/** An unreachable server looks like any other problem, with status 0. */
async function fetchOrProblem(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    throw new Problem({ type: '/problems/unreachable', title: 'No connection', detail: 'The server cannot be reached. What you wrote stays here; try again.' }, 0)
  }
}

type Client = ReturnType<typeof createClient<paths>>
const clients = new Map<string | null, Client>()

/** The client whose calls concern `project`; null for calls about nobody's project. */
export function api(project: string | null): Client {
  const known = clients.get(project)
  if (known) return known
  const client = createClient<paths>({ baseUrl: location.origin, fetch: fetchOrProblem })
  client.use(headersFor(project))
  clients.set(project, client)
  return client
}

/** Wait for an answer and give its body; a refusal is thrown as `Problem`, a lost session is reported once. */
export async function answerOf<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call
  if (response.ok) return data as T
  const problem = problemFrom(error, response)
  if (problem.status === 401 && problem.type !== '/problems/sign-in-refused') reportSignedOut()
  throw problem
}
