import { Outlet, useRouter, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useLiveUpdates } from '@/app/live'
import { BottomBar } from '@/app/shell/bottom-bar'
import { OfflineBar } from '@/app/shell/offline-bar'
import { PaletteHolder } from '@/app/shell/palette-holder'
import { Rail } from '@/app/shell/rail'
import { TopBar } from '@/app/shell/top-bar'
import { useShellActions } from '@/app/shell/use-shell-actions'
import { listenToKeys } from '@/lib/listen-keys'
import { remember, remembered } from '@/lib/remembered'
import { useProject } from '@/lib/use-project'

const Drawer = lazy(() => import('@/app/shell/drawer'))
const loadPalette = () => import('@/features/palette/palette')
const Palette = lazy(loadPalette)
const ShortcutSheet = lazy(() => import('@/app/shell/shortcut-sheet'))
const Toasts = lazy(() => import('@/app/shell/toasts'))

/** What is open over the page. */
export type Overlay = 'palette' | 'shortcuts' | 'drawer' | null

/** The frame of every page in a project: rail, page, and what opens over them. */
export function Shell() {
  const project = useProject()
  const [overlay, setOverlay] = useState<Overlay>(null)
  const [collapsed, setCollapsed] = useState(() => remembered('railCollapsed', false))
  const toggleRail = () => {
    setCollapsed(!collapsed)
    remember('railCollapsed', !collapsed)
  }
  const close = () => setOverlay(null)
  useLiveUpdates(project)
  useShellActions(project, { open: setOverlay, toggleRail })
  useFocusOnArrival()
  usePreloading()
  // Binds the window's keys to the registered actions.
  useEffect(listenToKeys, [])
  return (
    <div className="flex h-dvh flex-col sm:flex-row">
      <a href="#main" className="sr-only z-50 rounded-md bg-lapis px-3 py-2 text-on-lapis focus:not-sr-only focus:fixed focus:top-2 focus:left-2">Skip to the page</a>
      <Rail project={project} collapsed={collapsed} open={setOverlay} onToggle={toggleRail} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <TopBar project={project} open={setOverlay} />
        <OfflineBar />
        <main id="main" className="flex min-h-0 flex-1 scroll-pt-16 flex-col overflow-y-auto"><Outlet /></main>
      </div>
      <BottomBar project={project} open={setOverlay} />
      <Suspense fallback={null}>
        {overlay === 'drawer' && <Drawer project={project} open={setOverlay} onClose={close} />}
        {overlay === 'shortcuts' && <ShortcutSheet onClose={close} />}
        <Toasts />
      </Suspense>
      {overlay === 'palette' && <WaitingPalette project={project} onClose={close} />}
    </div>
  )
}

function WaitingPalette({ project, onClose }: { project: string; onClose: () => void }) {
  const [text, setText] = useState('')
  return (
    <Suspense fallback={<PaletteHolder text={text} onText={setText} onClose={onClose} />}>
      <Palette project={project} typed={text} onClose={onClose} />
    </Suspense>
  )
}

/** Once nothing else is wanted, the palette is fetched, which should open at once, and every page, which should open without a network. */
function usePreloading(): void {
  const router = useRouter()
  // Fetches code from the server.
  useEffect(() => onIdle(() => Promise.all([loadPalette(), ...Object.values(router.routesById).map((route) => router.loadRouteChunk(route))])), [router])
}

/** Safari knows no idle moments: a second after the start will do there. */
function onIdle(work: () => Promise<unknown>): void {
  const quietly = () => void work().catch(() => {})
  if ('requestIdleCallback' in window) requestIdleCallback(quietly)
  else setTimeout(quietly, 1_000)
}

/** A new page begins at its title, for the keyboard and for screen readers; the very first one leaves the focus alone. */
function useFocusOnArrival(): void {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname ?? '' })
  const [first] = useState(() => location.pathname)
  // Synchronises the browser's focus with the route.
  useEffect(() => {
    if (path !== '' && path !== first && document.querySelector('[role=dialog]') === null) document.getElementById('page-title')?.focus({ preventScroll: true })
  }, [path, first])
}
