import { Field, TextArea, TextInput } from '@/components/field'
import type { Question } from '@/features/playground/question'

interface QuestionFormProps {
  question: Question
  onChange: (part: Partial<Question>) => void
}

/** The messages and settings that every model on the page is asked with. */
export function QuestionForm({ question, onChange }: QuestionFormProps) {
  return (
    <div className="flex flex-col gap-4">
      <Field label="System message" optional>{(ids) => <TextArea {...ids} rows={3} value={question.system} placeholder="You are a careful editor." onChange={(event) => onChange({ system: event.target.value })} />}</Field>
      <Field label="Message">{(ids) => <TextArea {...ids} rows={6} value={question.user} placeholder="Name three uses for a paper clip." onChange={(event) => onChange({ user: event.target.value })} />}</Field>
      <div className="grid grid-cols-2 gap-4">
        <Field label="Temperature" optional hint="0 to 2">{(ids) => <TextInput {...ids} inputMode="decimal" className="tabular" value={question.temperature} onChange={(event) => onChange({ temperature: event.target.value })} />}</Field>
        <Field label="Longest answer" optional hint="tokens">{(ids) => <TextInput {...ids} inputMode="numeric" className="tabular" value={question.longest} onChange={(event) => onChange({ longest: event.target.value })} />}</Field>
      </div>
    </div>
  )
}
