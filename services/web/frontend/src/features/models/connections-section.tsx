import { useQuery } from '@tanstack/react-query'
import { KeyRound, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Badge } from '@/components/badge'
import { Button, IconButton } from '@/components/button'
import { ConfirmDialog } from '@/components/dialog'
import { Section } from '@/components/section'
import { Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { ConnectionDialog } from '@/features/models/connection-dialog'
import { ConnectionTest } from '@/features/models/connection-test'
import { providerWords } from '@/features/models/providers'
import { useConnectionChanges } from '@/features/models/use-gateway-changes'
import { connectionsQuery } from '@/lib/api/gateway-queries'
import type { Connection } from '@/lib/api/types'

/** The accounts at providers that this project can use. */
export function ConnectionsSection({ project }: { project: string }) {
  const query = useQuery(connectionsQuery(project))
  const refusal = useRefusal(project, 'connections.manage')
  const { remove } = useConnectionChanges(project)
  const [open, setOpen] = useState<{ kind: 'change'; connection: Connection | null } | { kind: 'remove'; connection: Connection } | null>(null)
  const close = () => setOpen(null)
  return (
    <Section title="Connections" text="An account at a provider, with its key. The key is stored sealed and never shown again." actions={<Button reason={refusal} onClick={() => setOpen({ kind: 'change', connection: null })}><Plus />Add connection</Button>}>
      <Loaded query={query} what="connections">
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map((connection) => (
              <ConnectionRow key={connection.name} project={project} connection={connection} refusal={refusal} onChange={() => setOpen({ kind: 'change', connection })} onRemove={() => setOpen({ kind: 'remove', connection })} />
            ))}
          </ul>
        )}
      </Loaded>
      {open?.kind === 'change' && <ConnectionDialog project={project} from={open.connection} onClose={close} />}
      {open?.kind === 'remove' && (
        <ConfirmDialog
          title={`Remove ${open.connection.name}?`}
          text="Its key is deleted. Calls that name its models are refused from then on, unless the installation has a connection of the same name."
          confirm="Remove connection"
          danger
          onConfirm={() => {
            remove.mutate(open.connection)
            close()
          }}
          onCancel={close}
        />
      )}
    </Section>
  )
}

interface RowProps {
  project: string
  connection: Connection
  refusal: string | null
  onChange: () => void
  onRemove: () => void
}

function ConnectionRow({ project, connection, refusal, onChange, onRemove }: RowProps) {
  const { name, provider, origin, base_url: address, key_hint: hint, missing } = connection
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1.5 py-2.5 text-sm">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-mono font-medium">{name}</span>
          {missing ? <Badge tone="ochre">Not ready</Badge> : provider === 'simulator' ? <Badge tone="ochre">Simulated</Badge> : <Badge tone="verdigris">Ready</Badge>}
          <Badge>{origin === 'installation' ? 'Installation' : 'This project'}</Badge>
        </p>
        <p className="text-2xs break-all text-ink-3">{[providerWords(provider), address, hint && `key …${hint}`].filter(Boolean).join(' · ')}</p>
        {missing && <p className="text-2xs text-ochre">{missing}</p>}
      </div>
      {!missing && <ConnectionTest project={project} name={name} refusal={refusal} />}
      {origin === 'project' && (
        <div className="flex">
          <IconButton label={`Change ${name}`} reason={refusal} onClick={onChange}><Pencil /></IconButton>
          <IconButton label={`Remove ${name}`} reason={refusal} onClick={onRemove}><Trash2 /></IconButton>
        </div>
      )}
      {origin === 'installation' && provider !== 'simulator' && !refusal && <Button size="sm" aria-label={`Use own key for ${name}`} onClick={onChange}><KeyRound />Use own key</Button>}
    </li>
  )
}
