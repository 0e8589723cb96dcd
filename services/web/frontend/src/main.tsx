import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { makeQueryClient, makeRouter } from '@/app/router'
import { SessionWatch } from '@/features/session/session-watch'
import { followDeviceTheme } from '@/lib/theme'
import '@/styles/index.css'

const queryClient = makeQueryClient()
const router = makeRouter(queryClient)
const RELOADED = 'scriptorium.reloadedForChunk'

// After an update the old page may ask for a chunk that is gone: the new index.html knows the new names. Where the
// server is only away for a moment the page stays, and says that it can be tried again.
addEventListener('vite:preloadError', () => {
  if (sessionStorage.getItem(RELOADED) !== location.href) void reloadIfServed()
})

async function reloadIfServed(): Promise<void> {
  const answer = await fetch('/', { cache: 'no-store' }).catch(() => null)
  if (!answer?.ok) return
  sessionStorage.setItem(RELOADED, location.href)
  location.reload()
}

followDeviceTheme()
const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root.')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <SessionWatch />
    </QueryClientProvider>
  </StrictMode>,
)
