import { clsx } from 'clsx'
import type { Budget } from '@/lib/api/types'
import { moneyText } from '@/lib/format'

const PERIOD: Record<Budget['period'], string> = { day: 'today', week: 'this week', month: 'this month', total: 'in all' }
const NEAR = 0.8

/** What may be spent now: the limit with a raise that still holds. */
export function allowedUsd(budget: Budget, now = Date.now()): number {
  const raised = budget.raised_until !== null && Date.parse(budget.raised_until) > now
  return Number(budget.limit_usd) + (raised ? Number(budget.raised_usd) : 0)
}

/** How much of a budget is spent and held, as a bar and in words. */
export function BudgetBar({ budget, label }: { budget: Budget; label: string }) {
  const allowed = allowedUsd(budget)
  const [spent, held] = [Number(budget.spent_usd), Number(budget.held_usd)]
  const used = allowed === 0 ? 1 : spent / allowed
  const width = (usd: number) => `${allowed === 0 ? 100 : Math.min(100, (100 * usd) / allowed)}%`
  const words = `${moneyText(budget.spent_usd)} of ${moneyText(String(allowed))} ${PERIOD[budget.period]}${held > 0 ? `, ${moneyText(budget.held_usd)} held by calls under way` : ''}`
  return (
    <div className="min-w-0 flex-1">
      <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={allowed} aria-valuenow={Math.min(spent, allowed)} aria-valuetext={words} className="flex h-2.5 overflow-hidden rounded-full border border-edge bg-surface">
        <div className={clsx(used >= 1 ? 'bg-vermilion' : used >= NEAR ? 'bg-ochre' : 'bg-lapis')} style={{ width: width(spent) }} />
        <div className="bg-lapis/40" style={{ width: width(held) }} />
      </div>
      <p aria-hidden className={clsx('tabular pt-1 text-2xs', used >= 1 ? 'text-vermilion' : 'text-ink-2')}>{words}{used >= 1 && '. Further calls are refused.'}</p>
    </div>
  )
}
