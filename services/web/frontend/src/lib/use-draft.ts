import { useEffect, useRef, useState } from 'react'
import { useDebounced } from '@/lib/debounced'
import { type Draft, dropDraft, keepDraft, readDraft } from '@/lib/drafts'

const THROTTLE_MILLISECONDS = 500

/**
 * Keep a value on this device while it differs from what the server has.
 * `value` null means that nothing is unsaved. Give `value` a stable identity.
 */
export function useKeptDraft<T>(key: string, value: T | null): void {
  const settled = useDebounced(value, THROTTLE_MILLISECONDS)
  // Synchronises this device's storage with the unsaved value.
  useEffect(() => {
    if (value === null) dropDraft(key)
    else if (settled !== null) keepDraft(key, settled)
  }, [key, value, settled])
  const newest = useRef(value)
  // Synchronises the listener below with the newest render.
  useEffect(() => {
    newest.current = value
  })
  // The last half second before the page goes away counts too.
  useEffect(() => {
    const save = () => newest.current !== null && keepDraft(key, newest.current)
    window.addEventListener('pagehide', save)
    return () => {
      window.removeEventListener('pagehide', save)
      save()
    }
  }, [key])
}

/** What an earlier visit left unsaved, read once. */
export function useFoundDraft<T>(key: string): Draft<T> | null {
  const [found] = useState(() => readDraft<T>(key))
  return found
}
