import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { PageHeader } from '@/components/page-header'
import { Loaded } from '@/components/states'
import { PromptWorkplace } from '@/features/prompts/prompt-workplace'
import { isProblem } from '@/lib/api/problem'
import { promptQuery } from '@/lib/api/queries'
import { visit } from '@/lib/recent'
import { NotHere } from '@/components/not-here'

/** One prompt: its text, parameters, preview and versions. */
export function PromptPage({ project, promptId }: { project: string; promptId: string }) {
  const query = useQuery(promptQuery(project, promptId))
  const title = query.data?.title
  // Writes this device's list of recent items.
  useEffect(() => {
    if (title) visit(project, { kind: 'prompt', id: promptId, title })
  }, [project, promptId, title])
  if (isProblem(query.error, 404) && !query.data) return <NotHere what="prompt" project={project} />
  if (query.data) return <PromptWorkplace project={project} prompt={query.data} />
  return (
    <>
      <PageHeader title="Prompt" crumbs={[{ label: 'Prompts', link: { to: '/$project/prompts', params: { project } } }]} />
      <div className="px-5"><Loaded query={query} what="prompt" shape="text">{() => null}</Loaded></div>
    </>
  )
}
