import { createFileRoute } from '@tanstack/react-router'
import { DocumentsPage } from '@/features/documents/documents-page'
import { documentsSearch } from '@/features/documents/documents-search'

export const Route = createFileRoute('/$project/documents/')({ validateSearch: documentsSearch, component: DocumentsPage })
