import { SimulatedBadge } from '@/components/badge'
import { forecastOf, type Period } from '@/features/usage/period'
import type { Sums } from '@/features/usage/usage-sums'
import { caveats, changeWords, dayWords, percent } from '@/features/usage/usage-words'
import { countText, moneyText, plural } from '@/lib/format'

const money = (usd: number) => moneyText(String(usd))

/** The totals of a period in figures, each with what it means. */
export function UsageFigures({ sums, before, period, now }: { sums: Sums; before: Sums; period: Period; now: Date }) {
  const forecast = forecastOf(sums.cost, period, now)
  return (
    <section aria-label="Totals">
      <dl className="grid grid-cols-2 gap-x-8 gap-y-5 border-b border-line pb-5 sm:grid-cols-3 lg:grid-cols-6">
        <Figure name="Cost" value={money(sums.cost)} words={changeWords(sums.cost, before.cost, 'cost', period.beforeWords)} />
        {forecast !== null && period.ends !== null && <Figure name="Forecast" value={money(forecast)} words={`By ${dayWords(period.ends)}, at the pace so far.`} />}
        <Figure name="Calls" value={countText(sums.calls)} words={sums.hits > 0 ? `${plural(sums.hits, 'call')} answered from the cache.` : 'None from the cache.'} />
        <Figure name="Tokens in" value={countText(sums.input)} words={`${percent(sums.cached, sums.input)} read from the provider’s cache.`} />
        <Figure name="Tokens out" value={countText(sums.output)} words={sums.reasoning > 0 ? `${percent(sums.reasoning, sums.output)} of them for thinking.` : 'None for thinking.'} />
        <Figure name="Failed calls" value={countText(sums.failed)} words={sums.failed > 0 ? `${percent(sums.failed, sums.calls)} of all; they cost ${money(sums.failedCost)}.` : 'Nothing was lost to failures.'} />
      </dl>
      {sums.simulated > 0 && <SimulatedBadge className="mt-3 mr-2" />}
      {caveats(sums).map((sentence) => <p key={sentence} className="mt-2 inline text-xs text-ink-2">{sentence} </p>)}
    </section>
  )
}

function Figure({ name, value, words }: { name: string; value: string; words: string }) {
  return (
    <div className="min-w-0">
      <dt className="text-2xs text-ink-3">{name}</dt>
      <dd className="tabular truncate font-serif text-xl leading-8">{value}</dd>
      <dd className="text-2xs text-ink-2">{words}</dd>
    </div>
  )
}
