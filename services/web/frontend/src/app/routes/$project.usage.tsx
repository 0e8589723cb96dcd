import { createFileRoute } from '@tanstack/react-router'
import { RunningNow } from '@/features/running/running-now'
import { UsagePage } from '@/features/usage/usage-page'
import type { UsageSearch } from '@/features/usage/usage-search'

export const Route = createFileRoute('/$project/usage')({
  // The page reads it: what is wrong in an address falls back to what the page begins with.
  validateSearch: (search: UsageSearch) => search,
  component: () => {
    const { project } = Route.useParams()
    return <UsagePage project={project} running={<RunningNow project={project} />} />
  },
})
