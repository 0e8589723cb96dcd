import { Button } from '@/components/button'
import { useConnectionTest } from '@/features/models/use-gateway-changes'
import { sentenceOf } from '@/lib/api/problem'

/** Ask the provider, and say what it answered beside the button. */
export function ConnectionTest({ project, name, refusal }: { project: string; name: string; refusal: string | null }) {
  const test = useConnectionTest(project)
  const failed = test.isError || test.data?.ok === false
  const words = test.isError ? sentenceOf(test.error) : test.data ? `${test.data.detail} (${test.data.milliseconds} ms)` : ''
  return (
    <div className="flex min-w-0 flex-row-reverse flex-wrap items-center justify-end gap-2">
      <Button size="sm" pending={test.isPending} reason={refusal} aria-label={`Test ${name}`} onClick={() => test.mutate(name)}>Test</Button>
      <p role="status" className={`min-w-0 text-2xs ${failed ? 'text-vermilion' : 'text-verdigris'}`}>{words}</p>
    </div>
  )
}
