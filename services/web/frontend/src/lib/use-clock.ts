import { useEffect, useState } from 'react'

/** The time, once a second while something runs. */
export function useClock(running: boolean): number {
  const [now, setNow] = useState(() => Date.now())
  // Synchronises with the clock.
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [running])
  return now
}
