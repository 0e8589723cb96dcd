import type { Span } from '@/features/usage/period'
import type { Group, Measure } from '@/features/usage/usage-search'
import { type DayStack, type GroupSums, measured, type Sums } from '@/features/usage/usage-sums'
import { countText, moneyText, plural } from '@/lib/format'

const long = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', timeZone: 'UTC' })
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

const TASKS: Record<string, string> = { generate_document: 'Documents', optimise_prompt: 'Improving prompts', title_prompt: 'Titles', other: 'Playground and other work', chat_completions: 'Chat Completions', responses: 'Responses', messages: 'Messages', embeddings: 'Embeddings' }
const WITHOUT: Record<Group, string> = { model: 'No model', task: 'No task', prompt_version: 'Without a prompt', user: 'No person', key: 'Without a key' }

export const dayWords = (day: string): string => long.format(new Date(day))
export const dayLabel = (day: string): string => short.format(new Date(day))
export const spanWords = ({ since, until }: Span): string => (since === until ? dayWords(since) : `${dayWords(since)} to ${dayWords(until)}`)
export const percent = (part: number, whole: number): string => (whole === 0 ? '0 %' : `${Math.round((100 * part) / whole)} %`)

/** A value of a measure as people read it; `brief` is for axes. */
export function valueWords(value: number, measure: Measure, brief = false): string {
  if (measure === 'cost') return moneyText(String(value))
  return brief ? compact.format(value) : countText(Math.round(value))
}

/** What a group is called; ids are looked up by `nameOf`. */
export function groupWords(group: string, by: Group, nameOf: (id: string) => string): string {
  if (group === '') return WITHOUT[by]
  return by === 'task' ? (TASKS[group] ?? group) : nameOf(group)
}

/** How a total stands to the one before, in a sentence's end; empty where there is nothing to compare with. */
export function changeWords(now: number, before: number, measure: Measure, beforeWords: string): string {
  if (before === 0) return now === 0 ? '' : `Nothing in ${beforeWords}.`
  const change = Math.round((100 * (now - before)) / before)
  const amount = valueWords(before, measure)
  if (change === 0) return `As much as in ${beforeWords} (${amount}).`
  return `${Math.abs(change)} % ${change > 0 ? 'more' : 'less'} than in ${beforeWords} (${amount}).`
}

const SUBJECT: Record<Measure, string> = { cost: 'the money', tokens: 'the tokens', calls: 'the calls' }

/** What the chart shows, in a sentence or two. */
export function finding(stacks: readonly DayStack[], groups: readonly GroupSums[], measure: Measure, name: (group: string) => string): string {
  const whole = groups.reduce((sum, group) => sum + measured(group, measure), 0)
  const first = groups[0]
  const peak = stacks.reduce<DayStack | null>((most, stack) => (stack.total > (most?.total ?? 0) ? stack : most), null)
  if (!first || !peak || whole === 0) return measure === 'cost' ? 'Nothing was spent in these days.' : 'Nothing was asked in these days.'
  const share = measured(first, measure) / whole
  const who = share > 0.995 ? `All of ${SUBJECT[measure]} went to ${name(first.group)}` : `${name(first.group)} took ${percent(share, 1)} of ${SUBJECT[measure]}`
  return `${who}. The most in a day was ${valueWords(peak.total, measure)}, on ${dayWords(peak.day)}.`
}

/** What a total leaves out or mixes in, each as a sentence. */
export function caveats(sums: Sums): string[] {
  return [
    sums.simulated > 0 ? `${plural(sums.simulated, 'call')} of ${countText(sums.calls)} ${sums.simulated === 1 ? 'was' : 'were'} answered by the built-in simulator: ${sums.simulated === 1 ? 'its' : 'their'} price is made up, and nobody has to pay it.` : '',
    sums.unpriced > 0 ? `${plural(sums.unpriced, 'call')} went to models without a known price and ${sums.unpriced === 1 ? 'is' : 'are'} not in the total.` : '',
    sums.estimated > 0 ? `${plural(sums.estimated, 'call')} ${sums.estimated === 1 ? 'was' : 'were'} counted by estimate, because the provider did not report.` : '',
  ].filter(Boolean)
}
