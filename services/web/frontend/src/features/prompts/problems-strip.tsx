import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import type { TemplateCheck } from '@/lib/api/types'
import { plural } from '@/lib/format'

interface ProblemsStripProps {
  check: TemplateCheck & { current: boolean; failed: boolean }
  onGoTo: (place: { line: number; column: number }) => void
}

/** What the server's parser says of the text; each finding leads to its place. */
export function ProblemsStrip({ check, onGoTo }: ProblemsStripProps) {
  const { findings, current, failed } = check
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return (
    <div className="shrink-0 border-t border-line bg-paper text-xs">
      <p role="status" className="flex items-center gap-2 px-4 py-1.5 text-ink-2 [&_svg]:size-4">
        <Verdict errors={errors} warnings={findings.length - errors} failed={failed} />
        {!current && !failed && <span className="text-ink-3">checking…</span>}
      </p>
      {findings.length > 0 && (
        <ul className="max-h-32 overflow-y-auto border-t border-line">
          {findings.map((finding) => (
            <li key={`${finding.line}:${finding.column}:${finding.code}`}>
              <button type="button" className="flex w-full items-baseline gap-3 px-4 py-1 text-left hover:bg-sunken" onClick={() => onGoTo({ line: finding.line, column: finding.column })}>
                <span className="tabular w-12 shrink-0 font-mono text-2xs text-ink-3">{finding.line}:{finding.column}</span>
                <span className={finding.severity === 'error' ? 'text-vermilion' : 'text-ochre'}>{finding.severity === 'error' ? 'Error' : 'Warning'}</span>
                <span>{finding.message}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Verdict({ errors, warnings, failed }: { errors: number; warnings: number; failed: boolean }) {
  if (failed) return <><CircleAlert className="text-ink-3" />The text cannot be checked right now. What you write is kept.</>
  if (errors > 0) return <><CircleAlert className="text-vermilion" />{plural(errors, 'error')}{warnings > 0 && `, ${plural(warnings, 'warning')}`}</>
  if (warnings > 0) return <><TriangleAlert className="text-ochre" />{plural(warnings, 'warning')}</>
  return <><CircleCheck className="text-verdigris" />No problems</>
}
