import { useNavigate, useSearch } from '@tanstack/react-router'
import { PageHeader } from '@/components/page-header'
import { useRefusal } from '@/components/use-can'
import { BudgetsSection } from '@/features/budgets/budgets-section'
import { LimitsSection } from '@/features/budgets/limits-section'
import { useProject } from '@/lib/use-project'

/** How much may be spent, and how fast. */
export function BudgetsPage() {
  const project = useProject()
  const { budget, limit } = useSearch({ from: '/$project/settings/budgets' })
  const navigate = useNavigate({ from: '/$project/settings/budgets' })
  const refusal = useRefusal(project, 'budgets.manage')
  const done = () => void navigate({ search: {}, replace: true })
  return (
    <>
      <PageHeader title="Budgets and limits" status={refusal && <span>Read only: an admin of the project changes this.</span>} />
      <div className="flex max-w-6xl flex-col gap-10 px-5 py-5 max-sm:px-4">
        <BudgetsSection project={project} wanted={refusal ? undefined : budget} onDone={done} />
        <LimitsSection project={project} wanted={refusal ? undefined : limit} onDone={done} />
      </div>
    </>
  )
}
