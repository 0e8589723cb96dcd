import { type FormEvent, useId } from 'react'
import { Button } from '@/components/button'
import { Field, TextInput } from '@/components/field'
import { sentenceOf } from '@/lib/api/problem'
import type { Session } from '@/lib/api/types'
import { useSignIn } from '@/features/session/use-session'

/** E-mail and password. A refusal is told above the button; what was typed stays. */
export function SignInForm({ onDone }: { onDone: (session: Session) => void }) {
  const signIn = useSignIn(onDone)
  const errorId = useId()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    signIn.mutate({ email: String(form.get('email')).trim(), password: String(form.get('password')) })
  }
  return (
    <form onSubmit={submit} aria-describedby={signIn.isError ? errorId : undefined} className="flex flex-col gap-4">
      <Field label="E-mail">{(ids) => <TextInput {...ids} name="email" type="email" autoComplete="username" required />}</Field>
      <Field label="Password">{(ids) => <TextInput {...ids} name="password" type="password" autoComplete="current-password" required />}</Field>
      {signIn.isError && <p id={errorId} role="alert" className="text-xs text-vermilion">{sentenceOf(signIn.error)}</p>}
      <Button type="submit" variant="primary" size="lg" pending={signIn.isPending}>Sign in</Button>
    </form>
  )
}
