import { Link } from '@tanstack/react-router'
import { Badge } from '@/components/badge'
import { SnippetChip } from '@/components/snippet-chip'
import type { TemplateCheck } from '@/lib/api/types'

/** What is in the text: parameters with their types, snippets, and what is wrong. */
export function FoundInText({ project, check }: { project: string; check: TemplateCheck & { failed: boolean } }) {
  const { parameters, snippets, findings, failed } = check
  return (
    <section aria-label="Found in the text" className="flex flex-col gap-4 text-xs">
      <div>
        <h3 className="mb-1.5 text-2xs font-medium text-ink-3">Parameters</h3>
        {parameters.length === 0 && <p className="text-ink-2">None yet. Write <code className="font-mono text-lapis">{'{{ name }}'}</code> where a value goes.</p>}
        <ul className="flex flex-wrap gap-1.5">
          {parameters.map(({ name, type }) => <li key={name}><Badge tone="lapis"><span className="font-mono">{name}</span><span className="font-normal">{type}</span></Badge></li>)}
        </ul>
      </div>
      {snippets.length > 0 && (
        <div>
          <h3 className="mb-1.5 text-2xs font-medium text-ink-3">Snippets</h3>
          <ul className="flex flex-wrap items-center gap-1.5">
            {snippets.map(({ name, found }) => <li key={name} className="flex items-center gap-1"><SnippetChip project={project} name={name} found={found ?? true} />{found === false && <Link to="/$project/snippets" params={{ project }} search={{ s: name, create: true }} className="rounded text-ochre underline">Create it</Link>}</li>)}
          </ul>
        </div>
      )}
      {findings.length > 0 && (
        <ul className="flex flex-col gap-1">
          {findings.map((finding) => (
            <li key={`${finding.line}:${finding.column}:${finding.code}`} className={finding.severity === 'error' ? 'text-vermilion' : 'text-ochre'}>
              <span className="tabular font-mono text-2xs">{finding.line}:{finding.column}</span> {finding.message}
            </li>
          ))}
        </ul>
      )}
      {failed && <p className="text-ink-3">The text cannot be checked right now. It can be saved all the same.</p>}
    </section>
  )
}
