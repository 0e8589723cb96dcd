import { createFileRoute } from '@tanstack/react-router'
import { toLastProject } from '@/app/short-address'

export const Route = createFileRoute('/context')({
  beforeLoad: ({ context }) => toLastProject(context.queryClient, '/snippets'),
})
