import { useQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '@/components/button'
import { ConfirmDialog } from '@/components/dialog'
import { Section } from '@/components/section'
import { Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { AliasDialog } from '@/features/models/alias-dialog'
import { useAliasChanges } from '@/features/models/use-gateway-changes'
import { aliasesQuery } from '@/lib/api/gateway-queries'
import type { ModelAlias } from '@/lib/api/types'

/** Names for chains of models. */
export function AliasesSection({ project }: { project: string }) {
  const query = useQuery(aliasesQuery(project))
  const refusal = useRefusal(project, 'connections.manage')
  const { remove } = useAliasChanges(project)
  const [open, setOpen] = useState<{ alias: ModelAlias | null; removing: boolean } | null>(null)
  const close = () => setOpen(null)
  return (
    <Section title="Aliases" text="A name that programs and prompts can use as a model. Its models are asked in turn: the next one where the one before cannot answer." actions={<Button reason={refusal} onClick={() => setOpen({ alias: null, removing: false })}><Plus />Add alias</Button>}>
      <Loaded query={query} what="aliases">
        {({ items }) => items.length === 0
          ? <p className="py-3 text-xs text-ink-3">No aliases. With one you change the model behind many prompts in one place.</p>
          : (
            <ul className="divide-y divide-line">
              {items.map((alias) => (
                <li key={alias.name} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2 text-sm">
                  <span className="w-40 truncate font-mono font-medium">{alias.name}</span>
                  <ol aria-label={`Models of ${alias.name}`} className="flex min-w-0 flex-1 basis-52 flex-wrap gap-x-2 font-mono text-xs text-ink-2">
                    {alias.targets.map((target, place) => <li key={target} className="break-all">{place > 0 && <span className="font-sans text-ink-3">then </span>}{target}</li>)}
                  </ol>
                  <div className="flex">
                    <IconButton label={`Change ${alias.name}`} reason={refusal} onClick={() => setOpen({ alias, removing: false })}><Pencil /></IconButton>
                    <IconButton label={`Remove ${alias.name}`} reason={refusal} onClick={() => setOpen({ alias, removing: true })}><Trash2 /></IconButton>
                  </div>
                </li>
              ))}
            </ul>
          )}
      </Loaded>
      {open && !open.removing && <AliasDialog project={project} alias={open.alias} taken={query.data?.items.map(({ name }) => name) ?? []} onClose={close} />}
      {open?.alias && open.removing && <RemoveAlias name={open.alias.name} onConfirm={(name) => remove.mutate(name)} onClose={close} />}
    </Section>
  )
}

function RemoveAlias({ name, onConfirm, onClose }: { name: string; onConfirm: (name: string) => void; onClose: () => void }) {
  const confirm = () => {
    onConfirm(name)
    onClose()
  }
  return <ConfirmDialog title={`Remove ${name}?`} text="Calls that name it are refused from then on." confirm="Remove alias" danger onConfirm={confirm} onCancel={onClose} />
}
