import { createFileRoute, redirect, useRouter } from '@tanstack/react-router'
import { homeOf, ownPath } from '@/app/short-address'
import { Gate } from '@/features/session/gate'
import { SignInForm } from '@/features/session/sign-in-form'
import { sessionQuery } from '@/lib/api/queries'

export const Route = createFileRoute('/login')({
  validateSearch: (search: Record<string, unknown>): { next?: string } => (typeof search.next === 'string' ? { next: search.next } : {}),
  beforeLoad: async ({ context, search }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery(null))
    if (!session.set_up) throw redirect({ to: '/setup' })
    if (session.user) throw redirect({ href: ownPath(search.next) ?? homeOf(session), replace: true })
  },
  component: LoginPage,
})

function LoginPage() {
  const { next } = Route.useSearch()
  const router = useRouter()
  return (
    <Gate title="Sign in">
      <SignInForm onDone={(session) => router.history.replace(ownPath(next) ?? homeOf(session))} />
    </Gate>
  )
}
