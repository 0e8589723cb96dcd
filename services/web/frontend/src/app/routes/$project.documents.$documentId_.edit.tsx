import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/$project/documents/$documentId_/edit')({
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/$project/documents/$documentId', params, replace: true })
  },
})
