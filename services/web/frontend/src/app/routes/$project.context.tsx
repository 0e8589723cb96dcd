import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/$project/context')({
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/$project/snippets', params, replace: true })
  },
})
