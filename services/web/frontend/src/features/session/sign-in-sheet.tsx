import { useSyncExternalStore } from 'react'
import { Dialog } from '@/components/dialog'
import { isSignedOut, onSignedOutChange, reportSignedIn } from '@/lib/signed-out'
import { SignInForm } from '@/features/session/sign-in-form'

/** Opens over the page when the server no longer knows the session; the page and its text stay as they are. */
export function SignInSheet() {
  const signedOut = useSyncExternalStore(onSignedOutChange, isSignedOut)
  if (!signedOut) return null
  return (
    <Dialog title="Sign in again" description="Your session ended. This page and what you wrote on it are still here." size="sm" onClose={reportSignedIn}>
      <div className="p-5"><SignInForm onDone={() => {}} /></div>
    </Dialog>
  )
}
