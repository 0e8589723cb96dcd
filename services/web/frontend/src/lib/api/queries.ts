import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answerOf, api } from '@/lib/api/client'
import type { DocumentStatus, Session } from '@/lib/api/types'
import { meet } from '@/lib/person'

const PAGE_SIZE = 100
/** A job is taken within moments of its order. */
const TAKEN_MILLISECONDS = 1_000

export interface PromptFilter {
  query?: string
  tag?: string
  archived?: boolean
}

export interface DocumentFilter {
  query?: string
  promptId?: string
  status?: DocumentStatus
  tag?: string
  archived?: boolean
}

/** Waits for ever where the session is no longer that of the person whose page this is: the page is being left. */
async function sessionOf(project: string | null, signal: AbortSignal): Promise<Session> {
  const session = await answerOf(api(project).GET('/api/session', { signal }))
  return session.user && !meet(session.user.id) ? new Promise<never>(() => {}) : session
}

/** Who is signed in, and what they may do in `project`. */
export const sessionQuery = (project: string | null) =>
  queryOptions({
    queryKey: ['session', project],
    queryFn: ({ signal }) => sessionOf(project, signal),
    staleTime: 60_000,
  })

export const statusQuery = () =>
  queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => answerOf(api(null).GET('/api/status', { signal })), staleTime: 300_000 })

export const promptsQuery = (project: string, filter: PromptFilter = {}) =>
  infiniteQueryOptions({
    queryKey: [project, 'prompt', 'list', filter],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api(project).GET('/api/prompts', { signal, params: { query: { ...filter, limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })

export const promptQuery = (project: string, promptId: string) =>
  queryOptions({
    queryKey: [project, 'prompt', promptId],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/prompts/{prompt_id}', { signal, params: { path: { prompt_id: promptId } } })),
  })

export const versionsQuery = (project: string, promptId: string) =>
  queryOptions({
    queryKey: [project, 'prompt', promptId, 'versions'],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/prompts/{prompt_id}/versions', { signal, params: { path: { prompt_id: promptId } } })),
  })

/** What a text holds. Immutable for one text, except that snippets come and go. */
export const checkQuery = (project: string, template: string) =>
  queryOptions({
    queryKey: [project, 'snippet', 'check', template],
    queryFn: ({ signal }) => answerOf(api(project).POST('/api/templates/check', { signal, body: { template } })),
    placeholderData: keepPreviousData,
    enabled: template.trim() !== '',
    gcTime: 60_000,
  })

export const snippetsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'snippet', 'list'],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/snippets', { signal })),
  })

export const snippetQuery = (project: string, name: string) =>
  queryOptions({
    queryKey: [project, 'snippet', name],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/snippets/{name}', { signal, params: { path: { name } } })),
  })

export const documentsQuery = (project: string, filter: DocumentFilter = {}) =>
  infiniteQueryOptions({
    queryKey: [project, 'document', 'list', filter],
    queryFn: ({ signal, pageParam }) => {
      const { promptId, ...rest } = filter
      const query = { ...rest, limit: PAGE_SIZE, ...(promptId ? { prompt_id: promptId } : {}), ...(pageParam ? { cursor: pageParam } : {}) }
      return answerOf(api(project).GET('/api/documents', { signal, params: { query } }))
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })

export const documentQuery = (project: string, documentId: string) =>
  queryOptions({
    queryKey: [project, 'document', documentId],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/documents/{document_id}', { signal, params: { path: { document_id: documentId } } })),
  })

/** Which model writes; asked again until the gateway has taken the order. Its progress comes over the stream. */
export const generationQuery = (project: string, generationId: string | null) =>
  queryOptions({
    queryKey: [project, 'generation', generationId],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/generations/{generation_id}', { signal, params: { path: { generation_id: generationId ?? '' } } })),
    enabled: generationId !== null,
    staleTime: Infinity,
    refetchInterval: ({ state }) => (state.data ? false : TAKEN_MILLISECONDS),
  })

export const modelsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'model', 'list'],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/models', { signal })),
    staleTime: 300_000,
  })

export const searchQuery = (project: string, text: string) =>
  queryOptions({
    queryKey: [project, 'search', text],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/search', { signal, params: { query: { q: text } } })),
    enabled: text.trim() !== '',
    placeholderData: keepPreviousData,
  })
