import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { HoverCard } from 'radix-ui'
import { useState } from 'react'
import { snippetQuery } from '@/lib/api/queries'

interface SnippetChipProps {
  project: string
  name: string
  found?: boolean
}

const LOOK = 'inline-flex rounded px-1 font-mono text-2xs leading-5'

/** `@name` as a chip; its text shows on hover and on focus, its link leads to the editor. */
export function SnippetChip({ project, name, found = true }: SnippetChipProps) {
  const [open, setOpen] = useState(false)
  const link = { to: '/$project/snippets', params: { project }, search: found ? { s: name } : { s: name, create: true } } as const
  return (
    <HoverCard.Root open={open} onOpenChange={setOpen} openDelay={300} closeDelay={150}>
      <HoverCard.Trigger asChild>
        <Link
          {...link}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
          className={`${LOOK} ${found ? 'bg-verdigris-wash text-verdigris' : 'bg-ochre-wash text-ochre'}`}
        >
          @{name}
        </Link>
      </HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content sideOffset={6} collisionPadding={8} className="pop z-50 w-80 rounded-lg border border-line bg-surface p-3 text-xs shadow-lift">
          {found ? <Preview project={project} name={name} /> : <p>No snippet is named “{name}”. Open to create it.</p>}
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
  )
}

function Preview({ project, name }: { project: string; name: string }) {
  const { data, isError } = useQuery(snippetQuery(project, name))
  if (isError) return <p className="text-ink-2">The snippet could not be loaded.</p>
  if (!data) return <p className="text-ink-3">Loading…</p>
  return (
    <>
      <p className="line-clamp-8 font-mono whitespace-pre-wrap">{data.content || 'Empty'}</p>
      <p className="mt-2 flex justify-between border-t border-line pt-2 text-2xs text-ink-3">
        <span>version {data.version}</span>
        <Link to="/$project/snippets" params={{ project }} search={{ s: name }} className="text-lapis underline">Edit snippet</Link>
      </p>
    </>
  )
}
