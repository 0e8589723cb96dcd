import { useMemo, useState } from 'react'
import { mergeParameters } from '@/features/prompts/merge-parameters'
import { useTemplateCheck } from '@/features/prompts/use-template-check'
import type { Parameter, PromptDetail } from '@/lib/api/types'
import { useFoundDraft, useKeptDraft } from '@/lib/use-draft'

/** Text and parameters on top of a version, not committed yet. */
export interface Working {
  baseVersion: number
  template: string
  parameters: Parameter[]
}

const workingOf = ({ latest, latest_version }: PromptDetail): Working => ({ baseVersion: latest_version, template: latest.template, parameters: latest.parameters })

/** The text being written: it begins as the latest version, follows it while untouched, and stays on this device until committed. */
export function usePromptDraft(project: string, prompt: PromptDetail) {
  const key = `${project}/prompt/${prompt.id}`
  const found = useFoundDraft<Working>(key)
  const [working, setWorking] = useState<Working | null>(found?.value ?? null)
  const current = useMemo(() => working ?? workingOf(prompt), [working, prompt])
  const check = useTemplateCheck(project, current.template)
  const parameters = useMemo(() => mergeParameters(current.parameters, check.parameters), [current.parameters, check.parameters])
  const dirty = working !== null && (working.template !== prompt.latest.template || !same(working.parameters, prompt.latest.parameters))
  useKeptDraft(key, dirty ? working : null)
  const change = (part: Partial<Working>) => setWorking((old) => ({ ...(old ?? workingOf(prompt)), ...part }))
  return {
    current,
    check,
    /** Declared and found parameters; what the text no longer uses is marked. */
    parameters,
    dirty,
    /** Somebody committed after this text was begun. */
    stale: dirty && current.baseVersion < prompt.latest_version,
    foundAt: dirty ? (found?.savedAt ?? null) : null,
    setTemplate: (template: string) => template !== current.template && change({ template }),
    setParameter: (name: string, part: Partial<Parameter>) =>
      change({ parameters: parameters.map(({ parameter }) => (parameter.name === name ? { ...parameter, ...part } : parameter)) }),
    rebase: (baseVersion: number) => change({ baseVersion }),
    discard: () => setWorking(null),
  }
}

export type PromptDraft = ReturnType<typeof usePromptDraft>

const same = (left: Parameter[], right: Parameter[]): boolean => JSON.stringify(left) === JSON.stringify(right)
