import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { ErrorState } from '@/components/states'

/** A page that broke: the rest of the app stays, and the page can be tried again. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return <div className="px-5"><ErrorState what="This page" error={error} onRetry={retry} /></div>
}
