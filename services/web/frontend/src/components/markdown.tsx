import { memo, useMemo } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { markdownBlocks } from '@/lib/markdown-blocks'

const REMARK = [remarkGfm]
const REHYPE = [rehypeSanitize]

const COMPONENTS: Components = {
  // A foreign page must not learn who reads here, nor steer this window.
  a: ({ href, children }) => <a href={href} target="_blank" rel="noopener noreferrer nofollow">{children}</a>,
  // Loading a remote image would tell a stranger that the text is being read: name it instead.
  img: ({ alt }) => <em>[image: {alt || 'without description'}]</em>,
}

const Block = memo(function Block({ text }: { text: string }) {
  return <ReactMarkdown remarkPlugins={REMARK} rehypePlugins={REHYPE} components={COMPONENTS}>{text}</ReactMarkdown>
})

/** Markdown of unknown origin, rendered safely; while it arrives only the last block is rendered again. */
export default function Markdown({ text, arriving = false }: { text: string; arriving?: boolean }) {
  const blocks = useMemo(() => markdownBlocks(text), [text])
  return (
    <div className="prose-doc">
      {blocks.map((block, place) => (
        // Text only grows at its end, so a block's place is its identity.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={place} className={arriving && place === blocks.length - 1 ? 'arriving' : undefined}><Block text={block} /></div>
      ))}
    </div>
  )
}
