import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { homeOf } from '@/app/short-address'
import { Button } from '@/components/button'
import { Gate } from '@/features/session/gate'
import { useSignIn } from '@/features/session/use-session'
import { sentenceOf } from '@/lib/api/problem'

export const Route = createFileRoute('/signin')({
  validateSearch: (search: Record<string, unknown>): { token?: string } => (typeof search.token === 'string' ? { token: search.token } : {}),
  component: LinkPage,
})

/** A link is used by a press, not by opening it: mail scanners and previews open links too, and it works once. */
function LinkPage() {
  const { token = '' } = Route.useSearch()
  const router = useRouter()
  const signIn = useSignIn((session) => router.history.replace(homeOf(session)))
  return (
    <Gate title="Sign in by link" lead="The link works once and for 15 minutes.">
      {signIn.isError && <p role="alert" className="mb-4 text-xs text-vermilion">{sentenceOf(signIn.error)}</p>}
      <div className="flex items-center gap-4">
        <Button variant="primary" size="lg" pending={signIn.isPending} reason={token ? null : 'This address has no token: open the whole link.'} onClick={() => signIn.mutate({ token })}>
          Sign in
        </Button>
        <Link to="/login" className="text-xs text-lapis underline">Use a password instead</Link>
      </div>
    </Gate>
  )
}
