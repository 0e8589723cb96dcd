import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { isSignedOut, onSignedOutChange } from '@/lib/signed-out'

/** Keep the cache in step with what happens in the project. The stream's code is fetched after the first page. */
export function useLiveUpdates(project: string): void {
  const client = useQueryClient()
  const signedOut = useSyncExternalStore(onSignedOutChange, isSignedOut)
  // Synchronises the query cache with the project's stream; signing in again opens a new one.
  useEffect(() => {
    if (signedOut) return
    let stop: (() => void) | null = null
    let left = false
    void import('@/app/live-updates').then(({ startLiveUpdates }) => {
      if (!left) stop = startLiveUpdates(client, project)
    })
    return () => {
      left = true
      stop?.()
    }
  }, [client, project, signedOut])
}
