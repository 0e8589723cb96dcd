import { useQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2, TrendingUp } from 'lucide-react'
import { useState } from 'react'
import { BudgetBar } from '@/components/budget-bar'
import { Button, IconButton } from '@/components/button'
import { ConfirmDialog } from '@/components/dialog'
import { scopeWords } from '@/components/scope-words'
import { Section } from '@/components/section'
import { Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { useNames } from '@/components/use-names'
import { When } from '@/components/when'
import { BudgetDialog, PERIODS } from '@/features/budgets/budget-dialog'
import { RaiseDialog } from '@/features/budgets/raise-dialog'
import { useMoneyChanges } from '@/features/budgets/use-money-changes'
import { budgetsQuery } from '@/lib/api/gateway-queries'
import type { Budget } from '@/lib/api/types'
import { exactTime, moneyText } from '@/lib/format'

type Open = { kind: 'add' } | { kind: 'change' | 'raise' | 'remove'; budget: Budget }

interface BudgetsSectionProps {
  project: string
  /** Whose budget the address asks for. */
  wanted: string | undefined
  onDone: () => void
}

/** How much may be spent, by whom and in which time. */
export function BudgetsSection({ project, wanted, onDone }: BudgetsSectionProps) {
  const query = useQuery(budgetsQuery(project))
  const refusal = useRefusal(project, 'budgets.manage')
  const nameOf = useNames(project)
  const { removeBudget } = useMoneyChanges(project)
  const [chosen, setOpen] = useState<Open | null>(null)
  const open: Open | null = chosen ?? (wanted ? { kind: 'add' } : null)
  const close = () => {
    setOpen(null)
    onDone()
  }
  return (
    <Section title="Budgets" text="What calls could cost is held before they are made, so that a budget is never passed." actions={<Button reason={refusal} onClick={() => setOpen({ kind: 'add' })}><Plus />Add budget</Button>}>
      <Loaded query={query} what="budgets">
        {({ items }) => items.length === 0
          ? <p className="py-3 text-xs text-ink-3">There is no budget: nothing stops spending.</p>
          : <ul className="divide-y divide-line">{items.map((budget) => <BudgetRow key={budget.id} budget={budget} name={scopeWords(budget.scope_id, nameOf)} refusal={refusal} onOpen={(kind) => setOpen({ kind, budget })} />)}</ul>}
      </Loaded>
      {open?.kind === 'add' && <BudgetDialog project={project} budget={null} scopeId={wanted ?? null} onClose={close} />}
      {open?.kind === 'change' && <BudgetDialog project={project} budget={open.budget} scopeId={null} onClose={close} />}
      {open?.kind === 'raise' && <RaiseDialog project={project} budget={open.budget} name={scopeWords(open.budget.scope_id, nameOf)} onClose={close} />}
      {open?.kind === 'remove' && (
        <ConfirmDialog
          title="Remove this budget?"
          text="Nothing stops spending there any more. Calls under way go on."
          confirm="Remove budget"
          danger
          onConfirm={() => {
            removeBudget.mutate(open.budget)
            close()
          }}
          onCancel={close}
        />
      )}
    </Section>
  )
}

interface BudgetRowProps {
  budget: Budget
  name: string
  refusal: string | null
  onOpen: (kind: 'change' | 'raise' | 'remove') => void
}

function BudgetRow({ budget, name, refusal, onOpen }: BudgetRowProps) {
  const label = `${name}, ${PERIODS[budget.period]}`
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1.5 py-2.5 text-sm">
      <div className="w-56 min-w-0 max-sm:w-full">
        <p className="truncate font-medium">{name}</p>
        <p className="text-2xs text-ink-3">{moneyText(budget.limit_usd)} {PERIODS[budget.period]}, since <When iso={budget.period_start} /></p>
        {budget.raised_until && <p className="text-2xs text-ochre">Raised by {moneyText(budget.raised_usd)} until {exactTime(budget.raised_until)}</p>}
      </div>
      <BudgetBar budget={budget} label={`${label}, spent`} />
      <div className="flex">
        <IconButton label={`Raise for a while: ${label}`} reason={refusal} onClick={() => onOpen('raise')}><TrendingUp /></IconButton>
        <IconButton label={`Change: ${label}`} reason={refusal} onClick={() => onOpen('change')}><Pencil /></IconButton>
        <IconButton label={`Remove: ${label}`} reason={refusal} onClick={() => onOpen('remove')}><Trash2 /></IconButton>
      </div>
    </li>
  )
}
