import { createFileRoute, redirect } from '@tanstack/react-router'
import { homeOf, signedIn } from '@/app/short-address'

export const Route = createFileRoute('/')({
  beforeLoad: async ({ context }) => {
    throw redirect({ href: homeOf(await signedIn(context.queryClient, null, '/')), replace: true })
  },
})
