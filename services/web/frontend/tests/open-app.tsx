import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { makeQueryClient, makeRouter } from '@/app/router'
import { SessionWatch } from '@/features/session/session-watch'

/** Open the whole app at an address, as a browser would. */
export function openApp(address: string) {
  const queryClient = makeQueryClient()
  const { queries, ...others } = queryClient.getDefaultOptions()
  queryClient.setDefaultOptions({ ...others, queries: { ...queries, retryDelay: 1 } })
  const router = makeRouter(queryClient, createMemoryHistory({ initialEntries: [address] }))
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <SessionWatch />
    </QueryClientProvider>,
  )
  return { router, queryClient, user: userEvent.setup({ delay: null, pointerEventsCheck: 0 }) }
}
