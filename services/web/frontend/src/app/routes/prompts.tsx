import { createFileRoute } from '@tanstack/react-router'
import { toLastProject } from '@/app/short-address'

export const Route = createFileRoute('/prompts')({
  beforeLoad: ({ context, location }) => toLastProject(context.queryClient, location.href),
})
