import type { Question } from '@/features/playground/question'
import { randomId } from '@/lib/idempotency'

interface Given {
  id: string
  model: string
}

/** One press of Run: what was asked, and the answers in the order of the columns. */
export interface Asked {
  id: string
  question: Question
  models: readonly (string | null)[]
  answers: readonly (Given | undefined)[]
  at: string
}

const MOST = 20
/** In memory only: what was tried here is gone with the page, and with whoever signs out. */
const kept = new Map<string, readonly Asked[]>()

export const historyOf = (project: string): readonly Asked[] => kept.get(project) ?? []

export const newAsked = (question: Question, models: readonly (string | null)[]): Asked => ({ id: randomId(), question, models, answers: [], at: new Date().toISOString() })

/** Keep the answer of a column; the first one of a question keeps the question. Returns what is kept now, newest first. */
export function keepAnswer(project: string, asked: Asked, column: number, answer: Given): readonly Asked[] {
  const before = historyOf(project)
  const known = before.find(({ id }) => id === asked.id) ?? asked
  const answers = known.models.map((_model, place) => (place === column ? answer : known.answers[place]))
  kept.set(project, [{ ...known, answers }, ...before.filter(({ id }) => id !== asked.id)].slice(0, MOST))
  return historyOf(project)
}
