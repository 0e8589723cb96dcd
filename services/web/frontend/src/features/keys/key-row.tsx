import { Link } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { Badge } from '@/components/badge'
import { BudgetBar } from '@/components/budget-bar'
import { buttonLook, IconButton } from '@/components/button'
import { When } from '@/components/when'
import { scopeWords } from '@/features/keys/scopes'
import type { ApiKey, Budget } from '@/lib/api/types'
import { exactTime } from '@/lib/format'

interface KeyRowProps {
  project: string
  apiKey: ApiKey
  /** The budgets that are the key's own. */
  budgets: readonly Budget[]
  onRevoke: () => void
}

/** Whether a key still opens something. */
export const isDead = ({ revoked_at: revoked, expires_at: expires }: ApiKey, now = Date.now()): boolean => revoked !== null || (expires !== null && Date.parse(expires) <= now)

/** A key with what it may do and spend. Its text is nowhere. */
export function KeyRow({ project, apiKey, budgets, onRevoke }: KeyRowProps) {
  const { id, name, prefix, scopes, created_at: created, expires_at: expires, revoked_at: revoked } = apiKey
  const dead = isDead(apiKey)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 text-sm">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{name}</span>
          <span className="font-mono text-xs text-ink-3">{prefix}…</span>
          {revoked ? <Badge tone="vermilion">Revoked</Badge> : dead && <Badge tone="ochre">Expired</Badge>}
        </p>
        <p className="text-2xs text-ink-2">{scopes.map(scopeWords).join(' · ')}</p>
        <p className="text-2xs text-ink-3">Made <When iso={created} />{revoked ? <>, revoked <When iso={revoked} /></> : expires ? `, ends ${exactTime(expires)}` : ', does not end by itself'}</p>
      </div>
      {!dead && (
        <>
          {budgets.map((budget) => <div key={budget.id} className="w-52 max-sm:w-full"><BudgetBar budget={budget} label={`Budget of ${name}, spent`} /></div>)}
          <div className="flex flex-wrap items-center gap-1">
            <Link to="/$project/settings/budgets" params={{ project }} search={{ budget: id }} aria-label={`Set a budget for ${name}`} className={buttonLook({ variant: 'quiet', size: 'sm' })}>Set a budget</Link>
            <Link to="/$project/settings/budgets" params={{ project }} search={{ limit: id }} aria-label={`Limit of ${name}`} className={buttonLook({ variant: 'quiet', size: 'sm' })}>Limit</Link>
            <Link to="/$project/usage" params={{ project }} search={{ by: 'key' }} aria-label={`Usage of ${name}`} className={buttonLook({ variant: 'quiet', size: 'sm' })}>Usage</Link>
            <IconButton label={`Revoke ${name}`} onClick={onRevoke}><Trash2 /></IconButton>
          </div>
        </>
      )}
    </li>
  )
}
