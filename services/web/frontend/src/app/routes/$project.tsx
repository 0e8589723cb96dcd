import { createFileRoute, notFound } from '@tanstack/react-router'
import { NO_PROJECT, NotFoundInProject } from '@/app/not-found-page'
import { PageError } from '@/app/page-error'
import { LAST_PROJECT, signedIn } from '@/app/short-address'
import { Shell } from '@/app/shell/shell'
import { isProblem } from '@/lib/api/problem'
import { keepOfPerson } from '@/lib/person'

/** A project that is not there and one that is somebody else's answer alike. */
function notFoundFor404(error: unknown): never {
  throw isProblem(error, 404) ? notFound({ data: NO_PROJECT }) : error
}

export const Route = createFileRoute('/$project')({
  beforeLoad: async ({ context, params, location }) => {
    const session = await signedIn(context.queryClient, params.project, location.href).catch(notFoundFor404)
    const project = session.projects.find(({ slug }) => slug === params.project)
    if (!project) throw notFound({ data: NO_PROJECT })
    keepOfPerson(LAST_PROJECT, params.project)
  },
  component: Shell,
  notFoundComponent: NotFoundInProject,
  errorComponent: PageError,
})
