import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BudgetBar } from '@/components/budget-bar'
import { scopeWords } from '@/components/scope-words'
import { Loaded } from '@/components/states'
import { useNames } from '@/components/use-names'
import { budgetsQuery } from '@/lib/api/gateway-queries'

/** Where the money of this moment stands; budgets have periods of their own. */
export function BudgetLines({ project }: { project: string }) {
  const query = useQuery(budgetsQuery(project))
  const nameOf = useNames(project)
  return (
    <section aria-label="Budgets now">
      <h2 className="flex items-baseline justify-between border-b border-line pb-1.5 text-xs font-medium text-ink-2">
        Budgets now
        <Link to="/$project/settings/budgets" params={{ project }} className="font-normal text-lapis underline">All budgets</Link>
      </h2>
      <Loaded query={query} what="budgets">
        {({ items }) => items.length === 0
          ? <p className="py-3 text-xs text-ink-3">There is no budget: nothing stops spending.</p>
          : (
            <ul className="divide-y divide-line">
              {items.map((budget) => {
                const name = scopeWords(budget.scope_id, nameOf)
                return (
                  <li key={budget.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2 text-sm">
                    <span className="w-40 truncate max-sm:w-full">{name}</span>
                    <BudgetBar budget={budget} label={`${name}, spent`} />
                  </li>
                )
              })}
            </ul>
          )}
      </Loaded>
    </section>
  )
}
