import { useMemo, useSyncExternalStore } from 'react'
import { GenerationFollower, type LiveGeneration, NOTHING_YET } from '@/lib/generation-stream'

const idle = () => () => {}
const nothing = () => NOTHING_YET

/** Follow a generation while the component is on screen; null follows nothing. */
export function useGeneration(project: string, generationId: string | null): LiveGeneration & { reopen: () => void } {
  const follower = useMemo(() => (generationId ? new GenerationFollower(project, generationId) : null), [project, generationId])
  const live = useSyncExternalStore(follower?.subscribe ?? idle, follower?.snapshot ?? nothing)
  return { ...live, reopen: follower?.reopen ?? (() => {}) }
}
