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
  const newest = useRef(value)
  // Synchronises what is stored below with the newest render.
  useEffect(() => {
    newest.current = value
  })
  const saved = value === null
  // Synchronises this device's storage with the server, which has everything now.
  useEffect(() => {
    if (saved) dropDraft(key)
  }, [key, saved])
  // Synchronises this device's storage with what was written, and not with each key.
  useEffect(() => {
    if (settled !== null && newest.current !== null) keepDraft(key, settled)
  }, [key, settled])
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
