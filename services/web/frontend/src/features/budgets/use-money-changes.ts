import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toastDone, toastError } from '@/components/toast'
import { answerOf, api } from '@/lib/api/client'
import type { Body, Budget, Limit } from '@/lib/api/types'

/** Everything that changes budgets and limits. */
export function useMoneyChanges(project: string) {
  const client = useQueryClient()
  const refresh = (entity: 'budget' | 'limit') => void client.invalidateQueries({ queryKey: [project, entity] })
  const saveBudget = useMutation({
    mutationFn: (body: Body<'saveBudget'>) => answerOf(api(project).POST('/api/budgets', { body })),
    onSuccess: () => refresh('budget'),
  })
  const raise = useMutation({
    mutationFn: ({ id, ...more }: Body<'raiseBudget'>) => answerOf(api(project).POST('/api/budgets/{budget_id}/raise', { params: { path: { budget_id: id } }, body: { id, ...more } })),
    onSuccess: () => refresh('budget'),
  })
  const removeBudget = useMutation({
    mutationFn: ({ id }: Budget) => answerOf(api(project).DELETE('/api/budgets/{budget_id}', { params: { path: { budget_id: id } } })),
    onSuccess: () => {
      refresh('budget')
      void toastDone('The budget is gone.')
    },
    onError: (error) => toastError('The budget was not removed.', error),
  })
  const saveLimit = useMutation({
    mutationFn: (body: Body<'saveLimit'>) => answerOf(api(project).POST('/api/limits', { body })),
    onSuccess: () => refresh('limit'),
  })
  const removeLimit = ({ scope, scope_id: id }: Limit) =>
    saveLimit.mutate(
      { scope, scope_id: id, requests_per_minute: null, tokens_per_minute: null, parallel: null },
      { onSuccess: () => toastDone('The limit is gone.'), onError: (error) => toastError('The limit was not removed.', error) },
    )
  return { saveBudget, raise, removeBudget, saveLimit, removeLimit }
}
