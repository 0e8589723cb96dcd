import { Link, type NotFoundRouteProps, useParams } from '@tanstack/react-router'
import { buttonLook } from '@/components/button'
import { PageHeader } from '@/components/page-header'
import { Empty } from '@/components/states'

const TEXT = 'It was moved or deleted, or it belongs to a project that you are not a member of. Check the address, or ask whoever sent it for access.'

/** Nothing is here, or it is not for this person: both look the same. */
export function NotFoundPage() {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <title>Not found · Scriptorium</title>
      <h1 className="sr-only">Not found</h1>
      <Empty title="Nothing is at this address." text={TEXT}>
        <Link to="/" className={buttonLook({ variant: 'primary' })}>Go to your desk</Link>
      </Empty>
    </main>
  )
}

/** What the guard of a project throws with: then there is no navigation to stand in either. */
export const NO_PROJECT = 'no project'

/** The same inside a project, with its navigation around it. */
export function NotFoundInProject({ data }: NotFoundRouteProps) {
  const { project } = useParams({ strict: false })
  if (!project || data === NO_PROJECT) return <NotFoundPage />
  return (
    <>
      <PageHeader title="Not found" />
      <div className="px-5">
        <Empty title="Nothing is at this address." text={TEXT}>
          <Link to="/$project" params={{ project }} className={buttonLook({ variant: 'primary' })}>Go to your desk</Link>
        </Empty>
      </div>
    </>
  )
}
