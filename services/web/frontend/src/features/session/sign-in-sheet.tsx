import { Dialog } from '@/components/dialog'
import { SignInForm } from '@/features/session/sign-in-form'
import { reportSignedIn } from '@/lib/signed-out'

/** Opens over the page when the server no longer knows the session; the page and its text stay as they are. */
export default function SignInSheet() {
  return (
    <Dialog title="Sign in again" description="Your session ended. This page and what you wrote on it are still here." size="sm" onClose={reportSignedIn}>
      <div className="p-5"><SignInForm onDone={() => {}} /></div>
    </Dialog>
  )
}
