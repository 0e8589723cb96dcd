import { tinykeys } from 'tinykeys'
import { answersKey, currentActions, latestPerId, onActionsChange } from '@/lib/shortcuts'

/** Bind the window's keys to the registered actions, and keep the binding fresh as pages come and go. */
export function listenToKeys(): () => void {
  let unbind = bind()
  const stop = onActionsChange(() => {
    unbind()
    unbind = bind()
  })
  return () => {
    stop()
    unbind()
  }
}

function bind(): () => void {
  const bindings: Record<string, (event: KeyboardEvent) => void> = {}
  for (const action of latestPerId(currentActions())) {
    if (!action.keys) continue
    const onPress = (event: KeyboardEvent) => {
      if (!answersKey(action, event)) return
      event.preventDefault()
      action.run()
    }
    bindings[action.keys] = onPress
    // Most keyboards need Shift for the question mark, some do not.
    if (action.keys === '?') bindings['Shift+?'] = onPress
  }
  return tinykeys(window, bindings)
}
