import { useState } from 'react'
import { Dialog } from '@/components/dialog'
import { Checkbox } from '@/components/field'
import { Keycaps } from '@/components/keycaps'
import { latestPerId, singleKeysOn, switchSingleKeys, useCurrentActions } from '@/lib/shortcuts'

const GROUPS = ['Here', 'Create', 'Go to', 'Settings'] as const
const EDITORS = [
  ['Next problem in the text', 'F8'],
  ['Find in the text', '$mod+f'],
  ['Undo, redo', '$mod+z'],
  ['Leave the editor', 'Tab'],
] as const

/** All shortcuts that work now, from the registry that also runs them. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const actions = latestPerId(useCurrentActions()).filter((action) => action.keys)
  const [single, setSingle] = useState(singleKeysOn)
  const toggle = () => {
    setSingle(!single)
    switchSingleKeys(!single)
  }
  return (
    <Dialog title="Help and shortcuts" onClose={onClose}>
      <div className="grid gap-6 p-5 sm:grid-cols-2">
        {GROUPS.map((group) => <Group key={group} title={group} rows={actions.filter((action) => action.group === group).map(({ label, keys = '' }) => [label, keys])} />)}
        <Group title="In editors" rows={EDITORS} />
      </div>
      <div className="border-t border-line px-5 py-3">
        <Checkbox label="Single letters work as shortcuts" checked={single} onChange={toggle} />
        <p className="mt-2 text-xs text-ink-2">
          Write a prompt with placeholders such as <code className="font-mono text-lapis">{'{{ topic }}'}</code> and snippets such as <code className="font-mono text-verdigris">@house-style</code>, save it, then press Generate Document.
        </p>
      </div>
    </Dialog>
  )
}

function Group({ title, rows }: { title: string; rows: readonly (readonly [string, string])[] }) {
  if (rows.length === 0) return null
  return (
    <section>
      <h2 className="mb-1 text-2xs font-medium text-ink-3">{title}</h2>
      <dl>
        {rows.map(([label, keys]) => (
          <div key={label} className="flex min-h-7 items-center justify-between gap-4 text-xs">
            <dt>{label}</dt>
            <dd><Keycaps keys={keys} /></dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
