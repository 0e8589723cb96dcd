import { useSearch } from '@tanstack/react-router'
import { Columns2, Play, Square } from 'lucide-react'
import { Button } from '@/components/button'
import { Field } from '@/components/field'
import { ModelSelect } from '@/components/model-select'
import { PageHeader } from '@/components/page-header'
import { useRefusal } from '@/components/use-can'
import { Answer } from '@/features/playground/answer'
import { HistoryList } from '@/features/playground/history-list'
import { questionProblem } from '@/features/playground/question'
import { QuestionForm } from '@/features/playground/question-form'
import { type Column, usePlayground } from '@/features/playground/use-playground'
import { useActions } from '@/lib/shortcuts'
import { useProject } from '@/lib/use-project'

/** Try any model, or two side by side, and see what the answer takes. */
export function PlaygroundPage() {
  const project = useProject()
  const { model } = useSearch({ from: '/$project/playground' })
  const { question, change, columns, busy, ask, stop, comparing, compare, history, bringBack } = usePlayground(project, model ?? null)
  const refusal = useRefusal(project, 'generations.start')
  const reason = refusal ?? questionProblem(question)
  useActions([
    { id: 'run', label: 'Ask the model', group: 'Here', keys: '$mod+Enter', disabledReason: busy ? 'It is being answered.' : reason, run: ask },
    { id: 'stop', label: 'Stop the model', group: 'Here', keys: '$mod+.', disabledReason: busy ? null : 'Nothing is being written.', run: stop },
  ])
  const actions = (
    <>
      <Button aria-pressed={comparing} reason={busy ? 'Wait for the answer, or stop it.' : null} onClick={() => compare(!comparing)}><Columns2 />{comparing ? 'One model' : 'Compare two'}</Button>
      {busy ? <Button variant="danger" onClick={stop}><Square />Stop</Button> : <Button variant="primary" reason={reason} onClick={ask}><Play />Run</Button>}
    </>
  )
  return (
    <>
      <PageHeader title="Playground" actions={actions} />
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] content-start gap-x-8 gap-y-6 px-5 py-5 max-sm:px-4 lg:grid-cols-[22rem_minmax(0,1fr)] lg:grid-rows-[auto_1fr]">
        <QuestionForm question={question} onChange={change} />
        <div className={`grid grid-cols-[minmax(0,1fr)] content-start gap-x-8 gap-y-6 lg:row-span-2 ${comparing ? 'md:grid-cols-2' : ''}`}>
          {/* A column is its place: the first and the second model. */}
          {/* oxlint-disable-next-line react/no-array-index-key */}
          {columns.map((column, place) => <ColumnView key={place} project={project} column={column} place={place} alone={!comparing} busy={busy} />)}
        </div>
        <HistoryList items={history} onChoose={bringBack} />
      </div>
    </>
  )
}

interface ColumnViewProps {
  project: string
  column: Column
  place: number
  alone: boolean
  busy: boolean
}

function ColumnView({ project, column: { model, run, choose }, place, alone, busy }: ColumnViewProps) {
  const name = alone ? 'Model' : `Model ${place + 1}`
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Field label={name}>{(ids) => <ModelSelect {...ids} project={project} value={model} onChange={choose} none="Default of this project" aliases disabled={busy} />}</Field>
      <Answer run={run} label={alone ? 'Answer' : `Answer of model ${place + 1}`} />
    </div>
  )
}
