import type { FormEvent } from 'react'
import { Button } from '@/components/button'
import { Field, TextInput } from '@/components/field'
import { isProblem, sentenceOf } from '@/lib/api/problem'
import type { Session } from '@/lib/api/types'
import { useSetUp } from '@/features/session/use-session'

/** The first admin of an installation. Refused fields are marked where they stand. */
export function SetupForm({ token, onDone }: { token: string; onDone: (session: Session) => void }) {
  const setUp = useSetUp(onDone)
  const refused = isProblem(setUp.error) ? setUp.error.errors : []
  const errorOf = (name: string) => refused.find((error) => error.name.endsWith(name))?.message
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name))
    setUp.mutate({ token, name: text('name').trim(), email: text('email').trim(), password: text('password') })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Your name" error={errorOf('name')}>{(ids) => <TextInput {...ids} name="name" autoComplete="name" required maxLength={200} />}</Field>
      <Field label="E-mail" error={errorOf('email')}>{(ids) => <TextInput {...ids} name="email" type="email" autoComplete="username" required />}</Field>
      <Field label="Password" hint="A long sentence is easier to remember than a short riddle." error={errorOf('password')}>
        {(ids) => <TextInput {...ids} name="password" type="password" autoComplete="new-password" required minLength={8} />}
      </Field>
      {setUp.isError && refused.length === 0 && <p role="alert" className="text-xs text-vermilion">{sentenceOf(setUp.error)}</p>}
      <Button type="submit" variant="primary" size="lg" pending={setUp.isPending}>Create the admin</Button>
    </form>
  )
}
