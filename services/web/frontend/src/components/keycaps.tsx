import { keycaps } from '@/lib/shortcuts'

/** A shortcut as keycaps of this machine. */
export function Keycaps({ keys }: { keys: string }) {
  return (
    <span className="inline-flex items-center gap-1 text-2xs">
      {keycaps(keys).map((cap, place) =>
        // The presses of a chord have no identity beyond their place.
        // oxlint-disable-next-line react/no-array-index-key
        cap === 'then' ? <span key={place}>then</span> : <kbd key={place} className="rounded border border-current/30 px-1 font-mono leading-4">{cap}</kbd>,
      )}
    </span>
  )
}
