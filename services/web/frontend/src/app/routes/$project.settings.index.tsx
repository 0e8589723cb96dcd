import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/$project/settings/')({
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/$project/settings/models', params, replace: true })
  },
})
