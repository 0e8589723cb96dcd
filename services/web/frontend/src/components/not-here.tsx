import { Link } from '@tanstack/react-router'
import { buttonLook } from '@/components/button'
import { PageHeader } from '@/components/page-header'
import { Empty } from '@/components/states'

/** A page whose thing is missing, deleted or somebody else's: all three look the same. */
export function NotHere({ what, project }: { what: 'prompt' | 'document'; project: string }) {
  const to = what === 'prompt' ? '/$project/prompts' : '/$project/documents'
  return (
    <>
      <PageHeader title="Not found" />
      <div className="px-5">
        <Empty title={`This ${what} is not here.`} text="It was deleted, or it belongs to a project that you are not a member of. Check the address, or ask whoever sent it for access.">
          <Link to={to} params={{ project }} className={buttonLook({ variant: 'primary' })}>All {what}s</Link>
        </Empty>
      </div>
    </>
  )
}
