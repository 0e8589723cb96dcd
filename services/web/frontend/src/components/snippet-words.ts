import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { TemplateWords } from '@/components/editor/liquid'
import { snippetsQuery } from '@/lib/api/queries'

/** What an editor of this project can complete and mark. */
export function useTemplateWords(project: string, parameters: readonly string[]): TemplateWords {
  const { data } = useQuery(snippetsQuery(project))
  const names = parameters.join(' ')
  return useMemo(
    () => ({ parameters: names === '' ? [] : names.split(' '), snippets: data?.items ?? [], complete: data !== undefined }),
    [data, names],
  )
}
