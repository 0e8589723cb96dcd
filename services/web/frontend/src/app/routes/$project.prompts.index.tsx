import { createFileRoute } from '@tanstack/react-router'
import { PromptsPage } from '@/features/prompts/prompts-page'
import { promptsSearch } from '@/features/prompts/prompts-search'

export const Route = createFileRoute('/$project/prompts/')({ validateSearch: promptsSearch, component: PromptsPage })
