import { useQuery } from '@tanstack/react-query'
import { Sparkles } from 'lucide-react'
import { Tooltip } from '@/components/tooltip'
import { statusQuery } from '@/lib/api/queries'

/** Says that no real model is connected, as long as that is so. */
export function SimulatedNotice({ wordsClass }: { wordsClass: string }) {
  const { data } = useQuery(statusQuery())
  if (!data?.simulated) return null
  return (
    <Tooltip text="Answers come from a built-in simulator. Set a provider key on the server to use a real model.">
      {/* Focusable, so that the explanation is there for the keyboard too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <p tabIndex={0} className="mb-1 flex items-center gap-2 rounded-md bg-ochre-wash px-2 py-1.5 text-2xs text-ochre">
        <Sparkles className="size-4 shrink-0 stroke-[1.5]" aria-hidden /><span className={wordsClass}>Simulated model</span>
      </p>
    </Tooltip>
  )
}
