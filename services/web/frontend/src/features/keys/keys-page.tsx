import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/button'
import { ConfirmDialog } from '@/components/dialog'
import { Checkbox } from '@/components/field'
import { PageHeader } from '@/components/page-header'
import { Empty, Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { CreateKeyDialog } from '@/features/keys/create-key-dialog'
import { HowToCall } from '@/features/keys/how-to-call'
import { isDead, KeyRow } from '@/features/keys/key-row'
import { useKeyChanges } from '@/features/keys/use-keys'
import { budgetsQuery, keysQuery } from '@/lib/api/gateway-queries'
import type { ApiKey } from '@/lib/api/types'
import { plural } from '@/lib/format'
import { useActions } from '@/lib/shortcuts'
import { useProject } from '@/lib/use-project'

/** API keys: what other programs open this project with, and how they do it. */
export function KeysPage() {
  const project = useProject()
  const refusal = useRefusal(project, 'keys.manage')
  const [creating, setCreating] = useState(false)
  const create = () => setCreating(true)
  useActions([{ id: 'create-here', label: 'Create API key', group: 'Create', keys: 'c', run: create, disabledReason: refusal }])
  return (
    <>
      <PageHeader title="API keys" actions={<Button variant="primary" reason={refusal} onClick={create}><Plus />Create API key</Button>} />
      <div className="flex max-w-6xl flex-col gap-10 px-5 py-4 max-sm:px-4">
        {refusal ? <Empty title="Keys are for admins." text={refusal} /> : <KeyList project={project} onCreate={create} />}
        <HowToCall project={project} />
      </div>
      {creating && <CreateKeyDialog project={project} onClose={() => setCreating(false)} />}
    </>
  )
}

function KeyList({ project, onCreate }: { project: string; onCreate: () => void }) {
  const query = useQuery(keysQuery(project))
  const budgets = useQuery(budgetsQuery(project)).data?.items ?? []
  const { revoke } = useKeyChanges(project)
  const [all, setAll] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  return (
    <Loaded query={query} what="API keys">
      {({ items }) => {
        const dead = items.filter((key) => isDead(key)).length
        const shown = all ? items : items.filter((key) => !isDead(key))
        return (
          <div>
            {dead > 0 && <Checkbox label={`Also show ${plural(dead, 'key')} that ${dead === 1 ? 'opens' : 'open'} nothing any more`} checked={all} onChange={() => setAll(!all)} />}
            {shown.length === 0
              ? <Empty title="No key works now." text="A key lets a program ask models and work with prompts and documents of this project. What it costs can have a budget of its own."><Button onClick={onCreate}><Plus />Create API key</Button></Empty>
              : <ul aria-label="API keys" className="divide-y divide-line border-b border-line">{shown.map((key) => <KeyRow key={key.id} project={project} apiKey={key} budgets={budgets.filter(({ scope_id: id }) => id === key.id)} onRevoke={() => setRevoking(key)} />)}</ul>}
            {revoking && (
              <ConfirmDialog
                title={`Revoke “${revoking.name}”?`}
                text="Every program that has it is refused from this moment. This is final: a revoked key does not come back."
                confirm="Revoke key"
                danger
                onConfirm={() => {
                  revoke.mutate(revoking)
                  setRevoking(null)
                }}
                onCancel={() => setRevoking(null)}
              />
            )}
          </div>
        )
      }}
    </Loaded>
  )
}
