import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toastDone, toastError } from '@/components/toast'
import { answerOf, api } from '@/lib/api/client'
import { gatewaySettingsQuery } from '@/lib/api/gateway-queries'
import type { Body, Connection, SavedConnection } from '@/lib/api/types'

/** Everything that changes connections; the models that they open follow. */
export function useConnectionChanges(project: string) {
  const refresh = useRefresh(project, ['connection', 'model'])
  const save = useMutation({
    mutationFn: ({ id, ...body }: SavedConnection) =>
      id
        ? answerOf(api(project).PATCH('/api/connections/{connection_id}', { params: { path: { connection_id: id } }, body: { ...body, id } }))
        : answerOf(api(project).POST('/api/connections', { body })),
    onSuccess: refresh,
  })
  const remove = useMutation({
    mutationFn: (connection: Connection) => answerOf(api(project).DELETE('/api/connections/{connection_id}', { params: { path: { connection_id: connection.id ?? '' } } })),
    onSuccess: (_list, { name }) => {
      refresh()
      void toastDone(`The connection ${name} and its key are gone.`)
    },
    onError: (error) => toastError('The connection was not removed.', error),
  })
  return { save, remove }
}

/** Ask a provider whether it lets us in. */
export function useConnectionTest(project: string) {
  return useMutation({ mutationFn: (name: string) => answerOf(api(project).POST('/api/connections/{name}/test', { params: { path: { name } } })) })
}

/** Everything that changes what the project says of models. */
export function useModelChanges(project: string) {
  const refresh = useRefresh(project, ['model'])
  const save = useMutation({
    mutationFn: (body: Body<'saveCustomModel'>) => answerOf(api(project).POST('/api/custom-models', { body })),
    onSuccess: refresh,
  })
  const remove = useMutation({
    mutationFn: (model: string) => answerOf(api(project).DELETE('/api/custom-models', { params: { query: { model } } })),
    onSuccess: refresh,
    onError: (error) => toastError('The description was not removed.', error),
  })
  return { save, remove }
}

export function useAliasChanges(project: string) {
  const refresh = useRefresh(project, ['model'])
  const save = useMutation({ mutationFn: (body: Body<'saveAlias'>) => answerOf(api(project).POST('/api/aliases', { body })), onSuccess: refresh })
  const remove = useMutation({
    mutationFn: (name: string) => answerOf(api(project).DELETE('/api/aliases/{name}', { params: { path: { name } } })),
    onSuccess: (_list, name) => {
      refresh()
      void toastDone(`The alias ${name} is gone.`)
    },
    onError: (error) => toastError('The alias was not removed.', error),
  })
  return { save, remove }
}

export function useGatewaySettings(project: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Body<'saveGatewaySettings'>) => answerOf(api(project).PUT('/api/gateway-settings', { body })),
    onSuccess: (saved) => {
      client.setQueryData(gatewaySettingsQuery(project).queryKey, saved)
      void toastDone('Saved. Calls from now on follow it.')
    },
  })
}

function useRefresh(project: string, entities: readonly string[]): () => void {
  const client = useQueryClient()
  return () => {
    for (const entity of entities) void client.invalidateQueries({ queryKey: [project, entity] })
  }
}
