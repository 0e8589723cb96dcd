import { lazy, Suspense, useSyncExternalStore } from 'react'
import { isSignedOut, onSignedOutChange } from '@/lib/signed-out'

const SignInSheet = lazy(() => import('@/features/session/sign-in-sheet'))

/** Asks to sign in again over the page as soon as a request was refused for want of a session. */
export function SessionWatch() {
  const signedOut = useSyncExternalStore(onSignedOutChange, isSignedOut)
  return <Suspense fallback={null}>{signedOut && <SignInSheet />}</Suspense>
}
