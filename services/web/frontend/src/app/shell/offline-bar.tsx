import { useOnline } from '@/lib/online'

/** Says that the device has no network, and what is safe. */
export function OfflineBar() {
  const online = useOnline()
  return (
    <div role="status">
      {!online && <p className="bg-ochre-wash px-5 py-1.5 text-xs text-ochre">Offline. Edits are kept on this device.</p>}
    </div>
  )
}
