import { useQuery } from '@tanstack/react-query'
import { checkQuery } from '@/lib/api/queries'
import type { TemplateCheck } from '@/lib/api/types'
import { useDebounced } from '@/lib/debounced'

const DEBOUNCE_MILLISECONDS = 350
const NOTHING: TemplateCheck = { parameters: [], snippets: [], findings: [] }

/** What the server's parser finds in a text that is being written; `current` is false while it speaks of an older text. */
export function useTemplateCheck(project: string, template: string): TemplateCheck & { current: boolean; failed: boolean } {
  const settled = useDebounced(template, DEBOUNCE_MILLISECONDS)
  const { data, isPlaceholderData, isError } = useQuery(checkQuery(project, settled))
  const found = template.trim() === '' ? NOTHING : (data ?? NOTHING)
  return { ...found, current: settled === template && !isPlaceholderData, failed: isError }
}
