import { createFileRoute } from '@tanstack/react-router'
import { snippetsSearch } from '@/features/snippets/snippets-search'
import { SnippetsPage } from '@/features/snippets/snippets-page'

export const Route = createFileRoute('/$project/snippets')({ validateSearch: snippetsSearch, component: SnippetsPage })
