import { type ComponentProps, lazy, Suspense } from 'react'
import type Editor from '@/components/editor/template-editor'

const TemplateEditor = lazy(() => import('@/components/editor/template-editor'))

/** The editor in a chunk of its own; until it is here the text is shown as it is, at the same place. */
export function LazyEditor(props: ComponentProps<typeof Editor>) {
  const waiting = <pre aria-busy className="h-full overflow-hidden bg-surface py-2 pl-10 font-mono text-sm leading-[1.65] whitespace-pre-wrap text-ink-2">{props.value}</pre>
  return (
    <Suspense fallback={waiting}>
      <TemplateEditor {...props} />
    </Suspense>
  )
}
