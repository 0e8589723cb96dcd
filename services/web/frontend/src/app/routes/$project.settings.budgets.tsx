import { createFileRoute } from '@tanstack/react-router'
import { BudgetsPage } from '@/features/budgets/budgets-page'
import type { BudgetsSearch } from '@/features/budgets/budgets-search'

export const Route = createFileRoute('/$project/settings/budgets')({ validateSearch: (search: BudgetsSearch) => search, component: BudgetsPage })
