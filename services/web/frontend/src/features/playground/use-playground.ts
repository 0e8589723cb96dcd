import { useState } from 'react'
import { type Asked, historyOf, keepAnswer, newAsked } from '@/features/playground/history'
import { EMPTY_QUESTION, type Question, requestOf } from '@/features/playground/question'
import { type Run, useRun } from '@/features/playground/use-run'

export interface Column {
  model: string | null
  run: Run
  choose: (model: string | null) => void
}

/** The question, one or two columns that answer it, and what was asked before. */
export function usePlayground(project: string, firstModel: string | null) {
  const [question, setQuestion] = useState(EMPTY_QUESTION)
  const [models, setModels] = useState<readonly (string | null)[]>([firstModel])
  const [history, setHistory] = useState(() => historyOf(project))
  const runs = [useRun(project), useRun(project)]
  const columns = models.flatMap((model, place): Column[] => {
    const run = runs[place]
    return run ? [{ model, run, choose: (next) => setModels(models.with(place, next)) }] : []
  })
  const ask = () => {
    const asked = newAsked(question, models)
    for (const [place, { model, run }] of columns.entries()) run.start(requestOf(question, model), (answer) => setHistory(keepAnswer(project, asked, place, answer)))
  }
  const bringBack = (asked: Asked) => {
    setQuestion(asked.question)
    setModels(asked.models)
    for (const [place, answer] of asked.answers.entries()) if (answer) runs[place]?.show(answer.id)
  }
  return {
    question,
    change: (part: Partial<Question>) => setQuestion({ ...question, ...part }),
    columns,
    busy: columns.some(({ run }) => run.starting || run.writing),
    ask,
    stop: () => {
      for (const { run } of columns) if (run.writing) run.stop()
    },
    comparing: models.length > 1,
    compare: (on: boolean) => setModels(on ? [models[0] ?? null, null] : models.slice(0, 1)),
    history,
    bringBack,
  }
}
