import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/button'
import { Field, Select, TextInput } from '@/components/field'
import { Section } from '@/components/section'
import { Loaded } from '@/components/states'
import { useRefusal } from '@/components/use-can'
import { useGatewaySettings } from '@/features/models/use-gateway-changes'
import { gatewaySettingsQuery } from '@/lib/api/gateway-queries'
import { sentenceOf } from '@/lib/api/problem'
import type { GatewaySettings } from '@/lib/api/types'
import { numberFrom } from '@/lib/refused-fields'

const KEPT: readonly (readonly [number, string])[] = [[300, '5 minutes'], [3_600, '1 hour'], [86_400, '1 day'], [604_800, '7 days'], [2_592_000, '30 days']]

/** How the gateway treats this project's calls. */
export function GatewaySettingsSection({ project }: { project: string }) {
  const query = useQuery(gatewaySettingsQuery(project))
  return (
    <Section title="How calls are treated">
      <Loaded query={query} what="settings">{(settings) => <SettingsForm key={JSON.stringify(settings)} project={project} settings={settings} />}</Loaded>
    </Section>
  )
}

function SettingsForm({ project, settings }: { project: string; settings: GatewaySettings }) {
  const save = useGatewaySettings(project)
  const refusal = useRefusal(project, 'connections.manage')
  const [seconds, setSeconds] = useState(settings.cache_seconds)
  const [price, setPrice] = useState(settings.unknown_price_ceiling_usd_per_million ?? '')
  const ceiling = numberFrom(price)
  const unchanged = seconds === settings.cache_seconds && (ceiling ?? null) === numberFrom(settings.unknown_price_ceiling_usd_per_million ?? '')
  const reason = refusal ?? (ceiling === undefined ? 'The price is not a number.' : unchanged ? 'Nothing is changed.' : null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!reason) save.mutate({ cache_seconds: seconds, unknown_price_ceiling_usd_per_million: price.trim() || null })
  }
  const known = seconds === null || KEPT.some(([each]) => each === seconds)
  return (
    <form onSubmit={submit} noValidate className="flex max-w-2xl flex-col gap-4 py-4">
      <Field label="Keep answers" hint="The same question to the same model is answered from memory: at once, for nothing, and said so.">
        {(ids) => (
          <Select {...ids} className="sm:!w-52" disabled={refusal !== null} value={seconds ?? ''} onChange={(event) => setSeconds(event.target.value === '' ? null : Number(event.target.value))}>
            <option value="">Never</option>
            {!known && <option value={seconds ?? ''}>{seconds} seconds</option>}
            {KEPT.map(([each, words]) => <option key={each} value={each}>For {words}</option>)}
          </Select>
        )}
      </Field>
      <Field label="Price of models without a known price" optional hint="US dollars for a million tokens. Under a budget such a model counts as that dear; without a figure it is refused there." error={ceiling === undefined ? 'Write a number, such as 15.' : null}>
        {(ids) => <TextInput {...ids} inputMode="decimal" className="tabular sm:!w-52" disabled={refusal !== null} value={price} onChange={(event) => setPrice(event.target.value)} />}
      </Field>
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" pending={save.isPending} reason={reason}>Save settings</Button>
        {save.isError && <p role="alert" className="text-xs text-vermilion">Not saved. {sentenceOf(save.error)}</p>}
      </div>
    </form>
  )
}
