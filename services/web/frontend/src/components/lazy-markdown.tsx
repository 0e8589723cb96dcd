import { lazy, Suspense } from 'react'

const Markdown = lazy(() => import('@/components/markdown'))

/** Rendered Markdown in a chunk of its own; until it is here the plain text is shown. */
export function LazyMarkdown({ text, arriving = false }: { text: string; arriving?: boolean }) {
  return (
    <Suspense fallback={<div aria-busy className="prose-doc whitespace-pre-wrap">{text}</div>}>
      <Markdown text={text} arriving={arriving} />
    </Suspense>
  )
}
