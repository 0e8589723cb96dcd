import { createFileRoute, redirect, useRouter } from '@tanstack/react-router'
import { homeOf } from '@/app/short-address'
import { Gate } from '@/features/session/gate'
import { SetupForm } from '@/features/session/setup-form'
import { sessionQuery } from '@/lib/api/queries'

export const Route = createFileRoute('/setup')({
  validateSearch: (search: Record<string, unknown>): { token?: string } => (typeof search.token === 'string' ? { token: search.token } : {}),
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery(null))
    if (session.set_up) throw redirect({ to: session.user ? '/' : '/login' })
  },
  component: SetupPage,
})

function SetupPage() {
  const { token } = Route.useSearch()
  const router = useRouter()
  if (!token) {
    return (
      <Gate title="Not set up yet" lead="This installation has no admin.">
        <p className="text-ink-2">Open the sign-in link that the terminal printed when Scriptorium started. It works once and for 15 minutes; starting again prints a new one.</p>
      </Gate>
    )
  }
  return (
    <Gate title="Set up Scriptorium" lead="You are the first here and become the admin.">
      <SetupForm token={token} onDone={(session) => router.history.replace(homeOf(session))} />
    </Gate>
  )
}
