import { clsx } from 'clsx'

interface SegmentedProps<T extends string> {
  label: string
  choices: Record<T, string>
  value: T
  onChange: (value: T) => void
}

/** A choice of few, all in sight. */
export function Segmented<T extends string>({ label, choices, value, onChange }: SegmentedProps<T>) {
  return (
    <div role="group" aria-label={label} className="inline-flex flex-wrap gap-0.5 rounded-md border border-line bg-sunken p-0.5">
      {(Object.keys(choices) as T[]).map((choice) => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === value}
          onClick={() => onChange(choice)}
          className={clsx('min-h-7 rounded px-2.5 text-xs max-sm:min-h-9', choice === value ? 'bg-surface font-medium text-ink shadow-[inset_0_0_0_1px_var(--edge)]' : 'text-ink-2 hover:text-ink')}
        >
          {choices[choice]}
        </button>
      ))}
    </div>
  )
}
