import { QueryClient } from '@tanstack/react-query'
import { createBrowserHistory, createRouter, type RouterHistory } from '@tanstack/react-router'
import { routeTree } from '@/app/routeTree.gen'
import { Loading } from '@/components/states'
import { isProblem } from '@/lib/api/problem'

const LIST_FRESH_MILLISECONDS = 15_000
const RETRIES = 2

/** The cache of server state: a refusal is final, a passing failure is tried twice more. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: LIST_FRESH_MILLISECONDS,
        retry: (failures, error) => failures < RETRIES && isProblem(error) && error.passing,
        // The browser's idea of being online is wrong for a server on this machine.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/** The routes over a cache; `history` is the browser's unless a test brings its own. */
export function makeRouter(queryClient: QueryClient, history: RouterHistory = createBrowserHistory()) {
  return createRouter({
    routeTree,
    history,
    context: { queryClient },
    defaultPreload: 'intent',
    scrollRestoration: true,
    // The page regions scroll, not the window.
    scrollToTopSelectors: ['main'],
    defaultPendingComponent: () => <div className="px-5"><Loading what="the page" /></div>,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
