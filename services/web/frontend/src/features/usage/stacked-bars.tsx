import { clsx } from 'clsx'
import { type KeyboardEvent, useState } from 'react'

/** Five lightnesses as well as five hues, from tokens.css. */
const COLOURS = ['bg-(--chart-1)', 'bg-(--chart-2)', 'bg-(--chart-3)', 'bg-(--chart-4)', 'bg-(--chart-5)']
export const MOST_SERIES = COLOURS.length

export interface Bar {
  id: string
  label: string
  /** One value for each series. */
  parts: readonly number[]
  total: number
  /** The whole bar in words. */
  words: string
}

interface StackedBarsProps {
  label: string
  series: readonly string[]
  bars: readonly Bar[]
  /** What the top of the scale is called. */
  scale: (value: number) => string
}

const STEPS: Record<string, (at: number, last: number) => number> = { ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, Home: () => 0, End: (_at, last) => last }

/** Stacked bars, drawn with boxes. Pointing at a bar, or walking there with the arrow keys, says what it holds. */
export function StackedBars({ label, series, bars, scale }: StackedBarsProps) {
  const [chosen, setChosen] = useState<number | null>(null)
  const last = bars.length - 1
  const at = Math.min(chosen ?? last, last)
  const top = niceTop(Math.max(...bars.map(({ total }) => total)))
  const walk = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    setChosen(Math.max(0, Math.min(last, step(at, last))))
  }
  return (
    <div>
      <Legend series={series} />
      <div className="relative mt-3 h-48">
        {[1, 0.5].map((part) => (
          <div key={part} aria-hidden className="absolute inset-x-0 border-t border-line text-2xs text-ink-3" style={{ bottom: `${100 * part}%` }}>
            <span className="tabular absolute right-0 bottom-0 bg-paper/80 px-1">{scale(top * part)}</span>
          </div>
        ))}
        <div role="slider" tabIndex={0} aria-label={label} aria-valuemin={0} aria-valuemax={last} aria-valuenow={at} aria-valuetext={bars[at]?.words ?? ''} onKeyDown={walk} className="absolute inset-0 flex items-end border-b border-edge pr-14">
          {bars.map((bar, place) => (
            <div key={bar.id} onPointerEnter={() => setChosen(place)} className={clsx('flex h-full min-w-0 flex-1 flex-col items-center justify-end', place === chosen && 'bg-sunken')}>
              <Stack bar={bar} top={top} />
            </div>
          ))}
        </div>
      </div>
      <div aria-hidden className="flex justify-between pt-1 pr-14 text-2xs text-ink-3"><span>{bars[0]?.label}</span><span>{bars[last]?.label}</span></div>
      <p aria-hidden className="tabular min-h-6 pt-1 text-xs text-ink-2">{bars[at]?.words}</p>
    </div>
  )
}

function Stack({ bar, top }: { bar: Bar; top: number }) {
  return (
    <>
      {/* The first series stands on the ground. */}
      {bar.parts.map((part, series) => ({ part, series })).toReversed().map(({ part, series }) => part > 0 && (
        <div key={series} className={clsx('w-4/5 max-w-16 shrink-0 border-t border-paper', COLOURS[series])} style={{ height: `max(2px, ${(100 * part) / top}%)` }} />
      ))}
    </>
  )
}

function Legend({ series }: { series: readonly string[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
      {series.map((name, place) => (
        <li key={name} className="flex min-w-0 items-center gap-1.5"><span aria-hidden className={clsx('size-2.5 shrink-0 rounded-sm', COLOURS[place])} /><span className="truncate">{name}</span></li>
      ))}
    </ul>
  )
}

/** The next 1, 2 or 5 times a power of ten, so that half of it is a round number too. */
export function niceTop(most: number): number {
  if (most <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return (([1, 2, 5].find((step) => step * power >= most)) ?? 10) * power
}
