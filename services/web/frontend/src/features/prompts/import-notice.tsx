import { Button } from '@/components/button'
import { looksImportable, useImportPrompt } from '@/features/prompts/use-import-prompt'
import { sentenceOf } from '@/lib/api/problem'

/** Offered under the editor when what was pasted is not a text but the JSON of a prompt kept elsewhere. */
export function ImportNotice({ project, source, draftKey }: { project: string; source: string; draftKey: string }) {
  const importing = useImportPrompt(project, draftKey)
  if (!looksImportable(source)) return null
  return (
    <div role="status" className="flex flex-wrap items-center gap-3 rounded-md bg-ochre-wash px-3 py-2 text-xs text-ochre">
      <span>This is the JSON of a prompt. Imported, its text becomes a template, and code that names its id goes on working.</span>
      {importing.isError && <span role="alert" className="text-vermilion">{sentenceOf(importing.error)}</span>}
      <Button size="sm" className="ml-auto" pending={importing.isPending} onClick={() => importing.mutate(source)}>Import it</Button>
    </div>
  )
}
