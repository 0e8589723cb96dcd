import { useEffect, useRef, useSyncExternalStore } from 'react'
import { remember, remembered } from '@/lib/remembered'

/** One action that a person can reach by key and by the palette. */
export interface Action {
  id: string
  label: string
  /** The heading it stands under in the palette and on the `?` sheet. */
  group: 'Here' | 'Create' | 'Go to' | 'Settings'
  /** In tinykeys' notation: `$mod+k`, `g p`, `?`. Absent for palette-only actions. */
  keys?: string
  run: () => void
  /** Works while a field has the focus (chords with a modifier always do). */
  inFields?: boolean
  disabledReason?: string | null
}

let actions: readonly Action[] = []
const listeners = new Set<() => void>()

function publish(next: readonly Action[]): void {
  actions = next
  for (const listener of listeners) listener()
}

/** Register actions; a later one with the same id wins until it is taken back. */
export function registerActions(added: readonly Action[]): () => void {
  publish([...actions, ...added])
  return () => publish(actions.filter((action) => !added.includes(action)))
}

/** What can be done now, newest registration first, each id once. */
export function currentActions(): readonly Action[] {
  return actions
}

export function latestPerId(all: readonly Action[]): Action[] {
  const seen = new Map<string, Action>()
  for (const action of all) seen.set(action.id, action)
  return [...seen.values()]
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useCurrentActions = (): readonly Action[] => useSyncExternalStore(subscribe, currentActions)

export const onActionsChange = subscribe

/** Offer actions while a component is on screen. They may be new objects on each render; the newest `run` is called. */
export function useActions(wanted: readonly Action[]): void {
  const latest = useRef(wanted)
  // Synchronises the registry's closures with the newest render.
  useEffect(() => {
    latest.current = wanted
  })
  const signature = wanted.map(({ id, label, keys, group, disabledReason }) => [id, label, keys, group, disabledReason].join('\u0000')).join('\u0001')
  // Synchronises the shortcut registry, which lives outside React.
  useEffect(
    () => registerActions(latest.current.map((action) => ({ ...action, run: () => latest.current.find((each) => each.id === action.id)?.run() }))),
    [signature],
  )
}

const SINGLE_KEYS = 'singleKeys'

/** Single letters can be switched off for people who speak to their computer (WCAG 2.1.4). */
export const singleKeysOn = (): boolean => remembered(SINGLE_KEYS, true)

export function switchSingleKeys(on: boolean): void {
  remember(SINGLE_KEYS, on)
  publish([...actions])
}

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)
const KEY_NAMES: Record<string, string> = { $mod: isMac ? '⌘' : 'Ctrl', Shift: '⇧', Enter: '↵', Escape: 'Esc', Delete: 'Del', BracketLeft: '[', Slash: '/' }

/** `$mod+k` as the keycaps of this machine: ['Ctrl', 'K']; a sequence keeps its presses apart by ' then '. */
export function keycaps(keys: string): string[] {
  return keys
    .split(' ')
    .flatMap((press, index) => [...(index > 0 ? ['then'] : []), ...press.split('+').map((key) => KEY_NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))])
}

const FIELDS = 'input, textarea, select, [contenteditable=true], .cm-editor'

/** True where a bare letter would be typed rather than meant as a command. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(FIELDS) !== null
}

/** Whether an action answers this key press: not while typing or over a dialog, unless it is a chord made for it. */
export function answersKey(action: Action, event: KeyboardEvent): boolean {
  if (action.disabledReason || event.defaultPrevented) return false
  const chord = /\$mod|Control|Meta|Alt|^F\d/.test(action.keys ?? '')
  if (chord || action.inFields) return true
  return singleKeysOn() && !isTyping(event.target) && document.querySelector('[role=dialog], [role=menu]') === null
}
