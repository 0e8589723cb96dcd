import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answerOf, api } from '@/lib/api/client'
import type { UsageReport } from '@/lib/api/types'

/** Tokens of what is being written change all the time, and no fact tells of a beginning. */
const RUNNING_MILLISECONDS = 2_000

/** The server names so many versions at once. */
const MOST_NAMES = 100

export interface UsageQuestion {
  since: string
  until: string
  by: UsageReport['by']
}

export const connectionsQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'connection', 'list'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/connections', { signal })) })

export const customModelsQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'model', 'custom'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/custom-models', { signal })) })

export const aliasesQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'model', 'alias'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/aliases', { signal })) })

export const gatewaySettingsQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'gateway-settings'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/gateway-settings', { signal })) })

export const budgetsQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'budget', 'list'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/budgets', { signal })) })

export const limitsQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'limit', 'list'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/limits', { signal })) })

export const keysQuery = (project: string) =>
  queryOptions({ queryKey: [project, 'key', 'list'], queryFn: ({ signal }) => answerOf(api(project).GET('/api/keys', { signal })) })

/** Sums by day and group. Another period or group is fetched while the one before stays on screen. */
export const usageQuery = (project: string, question: UsageQuestion) =>
  queryOptions({
    queryKey: [project, 'usage', question],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/usage', { signal, params: { query: question } })),
    placeholderData: keepPreviousData,
  })

/** What prompt versions are called of which only ids are known; a version keeps its number for ever. */
export const versionNamesQuery = (project: string, ids: readonly string[]) =>
  queryOptions({
    queryKey: [project, 'prompt', 'names', ids],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/prompt-versions', { signal, params: { query: { ids: ids.slice(0, MOST_NAMES) } } })),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
  })

export const runningQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'running'],
    queryFn: ({ signal }) => answerOf(api(project).GET('/api/generations', { signal })),
    refetchInterval: RUNNING_MILLISECONDS,
    staleTime: 0,
  })
