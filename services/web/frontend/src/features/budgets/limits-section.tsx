import { useQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '@/components/button'
import { scopeWords } from '@/components/scope-words'
import { Section } from '@/components/section'
import { Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { useNames } from '@/components/use-names'
import { LimitDialog } from '@/features/budgets/limit-dialog'
import { useMoneyChanges } from '@/features/budgets/use-money-changes'
import { limitsQuery } from '@/lib/api/gateway-queries'
import type { Limit } from '@/lib/api/types'
import { plural } from '@/lib/format'

/** How fast anybody may ask. */
export function LimitsSection({ project, wanted, onDone }: { project: string; wanted: string | undefined; onDone: () => void }) {
  const query = useQuery(limitsQuery(project))
  const refusal = useRefusal(project, 'budgets.manage')
  const nameOf = useNames(project)
  const { removeLimit } = useMoneyChanges(project)
  const [chosen, setOpen] = useState<{ limit: Limit | null } | null>(null)
  const asked = wanted ? { limit: query.data?.items.find(({ scope_id: id }) => id === wanted) ?? null } : null
  const open = chosen ?? (query.data ? asked : null)
  const close = () => {
    setOpen(null)
    onDone()
  }
  return (
    <Section title="Limits of speed" text="Who asks faster is told to wait. Answers say how much is left." actions={<Button reason={refusal} onClick={() => setOpen({ limit: null })}><Plus />Add limit</Button>}>
      <Loaded query={query} what="limits">
        {({ items }) => items.length === 0
          ? <p className="py-3 text-xs text-ink-3">There is no limit beside those of the installation.</p>
          : (
            <ul className="divide-y divide-line">
              {items.map((limit) => {
                const name = scopeWords(limit.scope_id, nameOf)
                return (
                  <li key={name} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2 text-sm">
                    <span className="w-56 truncate font-medium max-sm:w-full">{name}</span>
                    <span className="tabular min-w-0 flex-1 basis-40 text-xs text-ink-2">{limitWords(limit)}</span>
                    <div className="flex">
                      <IconButton label={`Change the limit: ${name}`} reason={refusal} onClick={() => setOpen({ limit })}><Pencil /></IconButton>
                      <IconButton label={`Remove the limit: ${name}`} reason={refusal} onClick={() => removeLimit(limit)}><Trash2 /></IconButton>
                    </div>
                  </li>
                )
              })}
            </ul>
          )}
      </Loaded>
      {open && <LimitDialog project={project} limit={open.limit} scopeId={wanted ?? null} onClose={close} />}
    </Section>
  )
}

function limitWords({ requests_per_minute: requests, tokens_per_minute: tokens, parallel }: Limit): string {
  const words = [
    requests === null ? null : `${plural(requests, 'request')} a minute`,
    tokens === null ? null : `${plural(tokens, 'token')} a minute`,
    parallel === null ? null : `${plural(parallel, 'call')} at once`,
  ]
  return words.filter(Boolean).join(' · ')
}
