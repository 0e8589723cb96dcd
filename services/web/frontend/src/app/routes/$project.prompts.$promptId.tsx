import { createFileRoute } from '@tanstack/react-router'
import { PromptPage } from '@/features/prompts/prompt-page'
import { promptQuery } from '@/lib/api/queries'

export const Route = createFileRoute('/$project/prompts/$promptId')({
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(promptQuery(params.project, params.promptId)),
  component: () => {
    const { project, promptId } = Route.useParams()
    // Another prompt is another page: nothing unsaved may leak from one into the other.
    return <PromptPage key={promptId} project={project} promptId={promptId} />
  },
})
