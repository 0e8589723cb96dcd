import type { GenerationRequest } from '@/lib/api/types'
import { numberFrom } from '@/lib/refused-fields'

/** What is asked, as it stands in the fields. */
export interface Question {
  system: string
  user: string
  temperature: string
  longest: string
}

export const EMPTY_QUESTION: Question = { system: '', user: '', temperature: '', longest: '' }

const HOTTEST = 2
const MOST_TOKENS = 200_000

/** What is wrong with a question; null where it can be asked. */
export function questionProblem({ user, temperature, longest }: Question): string | null {
  const heat = numberFrom(temperature)
  const tokens = numberFrom(longest)
  if (user.trim() === '') return 'Write what the model is asked.'
  if (heat === undefined || (heat ?? 0) > HOTTEST) return 'The temperature is a number from 0 to 2.'
  if (tokens === undefined || (tokens !== null && (!Number.isInteger(tokens) || tokens < 1 || tokens > MOST_TOKENS))) return 'The longest answer is a whole number of tokens, at most 200,000.'
  return null
}

/** The question to one model, as the gateway takes it. */
export function requestOf({ system, user, temperature, longest }: Question, model: string | null): GenerationRequest {
  const messages: GenerationRequest['messages'] = [{ role: 'user', content: user }]
  if (system.trim() !== '') messages.unshift({ role: 'system', content: system })
  return { model, messages, temperature: numberFrom(temperature) ?? null, max_output_tokens: numberFrom(longest) ?? null, continue_up_to: 0 }
}
