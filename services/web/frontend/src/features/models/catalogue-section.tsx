import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button } from '@/components/button'
import { Checkbox, Select } from '@/components/field'
import { FilterInput } from '@/components/filter-input'
import { Section } from '@/components/section'
import { Empty, Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { CatalogueTable, type CatalogueRow } from '@/features/models/catalogue-table'
import { CustomModelDialog } from '@/features/models/custom-model-dialog'
import { customModelsQuery } from '@/lib/api/gateway-queries'
import { modelsQuery } from '@/lib/api/queries'
import type { CustomModel, Model } from '@/lib/api/types'

/** Every model that the gateway knows, with what an admin of the project says of it. */
export function CatalogueSection({ project }: { project: string }) {
  const models = useQuery(modelsQuery(project))
  const customs = useQuery(customModelsQuery(project))
  const refusal = useRefusal(project, 'connections.manage')
  const [text, setText] = useState('')
  const [provider, setProvider] = useState('')
  const [usable, setUsable] = useState(true)
  const [described, setDescribed] = useState<CatalogueRow | 'new' | null>(null)
  const rows = useMemo(() => rowsOf(models.data?.items ?? [], customs.data?.items ?? []), [models.data, customs.data])
  const shown = useMemo(
    () => rows.filter((row) => (!usable || row.available) && (provider === '' || row.provider === provider) && `${row.id} ${row.name}`.toLowerCase().includes(text.toLowerCase())),
    [rows, text, provider, usable],
  )
  const clear = () => {
    setText('')
    setProvider('')
    setUsable(false)
  }
  return (
    <Section title="Models" text="Prices are US dollars for a million tokens." actions={<Button reason={refusal} onClick={() => setDescribed('new')}><Plus />Describe a model</Button>}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3">
        <FilterInput label="Filter models" value={text} onChange={setText} />
        <Select aria-label="Provider" className="!w-44" value={provider} onChange={(event) => setProvider(event.target.value)}>
          <option value="">Any provider</option>
          {[...new Set(rows.map((row) => row.provider))].map((each) => <option key={each} value={each}>{each}</option>)}
        </Select>
        <Checkbox label="Only what can be used now" checked={usable} onChange={(event) => setUsable(event.target.checked)} />
      </div>
      <Loaded query={models} what="models">
        {({ default_model: standard }) => shown.length > 0
          ? <CatalogueTable project={project} rows={shown} standard={standard} refusal={refusal} onDescribe={setDescribed} />
          : <Empty title="No model matches these filters."><Button onClick={clear}>Clear filters</Button></Empty>}
      </Loaded>
      {described && <CustomModelDialog project={project} row={described === 'new' ? null : described} onClose={() => setDescribed(null)} />}
    </Section>
  )
}

/** The catalogue with the project's own descriptions; a model that only those name is listed too. */
function rowsOf(models: readonly Model[], customs: readonly CustomModel[]): CatalogueRow[] {
  const byName = new Map(customs.map((custom) => [custom.model, custom]))
  const known = new Set(models.map(({ id }) => id))
  const others = customs.filter(({ model }) => !known.has(model)).map(
    (custom): CatalogueRow => ({
      id: custom.model, provider: custom.model.split('/')[0] ?? '', name: custom.model.slice(custom.model.indexOf('/') + 1), simulated: false, available: false,
      unavailable_reason: 'No connection of this name.', context_tokens: custom.context_tokens, input_usd_per_million: custom.input_usd_per_million,
      output_usd_per_million: custom.output_usd_per_million, max_output_tokens: custom.max_output_tokens, capabilities: custom.capabilities, retires_on: custom.retires_on, custom,
    }),
  )
  return [...models.map((model): CatalogueRow => ({ ...model, custom: byName.get(model.id) ?? null })), ...others]
}
