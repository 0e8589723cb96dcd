import { createFileRoute, notFound } from '@tanstack/react-router'
import { NotFoundInProject } from '@/app/not-found-page'
import { PageError } from '@/app/page-error'
import { LAST_PROJECT, signedIn } from '@/app/short-address'
import { Shell } from '@/app/shell/shell'
import { remember } from '@/lib/remembered'

export const Route = createFileRoute('/$project')({
  beforeLoad: async ({ context, params, location }) => {
    const session = await signedIn(context.queryClient, params.project, location.href)
    const project = session.projects.find(({ slug }) => slug === params.project)
    if (!project) throw notFound()
    remember(LAST_PROJECT, params.project)
  },
  component: Shell,
  notFoundComponent: NotFoundInProject,
  errorComponent: PageError,
})
