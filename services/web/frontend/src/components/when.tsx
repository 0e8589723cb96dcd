import { Tooltip } from '@/components/tooltip'
import { exactTime, whenText } from '@/lib/format'

/** A moment: relative within a day; the exact time on hover. */
export function When({ iso }: { iso: string }) {
  return (
    <Tooltip text={exactTime(iso)}>
      <time dateTime={iso} className="whitespace-nowrap">{whenText(iso)}</time>
    </Tooltip>
  )
}
