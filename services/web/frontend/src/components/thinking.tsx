/** What the model thought, folded away: it is no part of what was asked for. */
export function Thinking({ text }: { text: string }) {
  return (
    <details className="mb-4 text-sm text-ink-3">
      <summary className="cursor-pointer">Thinking</summary>
      <p className="mt-2 whitespace-pre-wrap">{text}</p>
    </details>
  )
}
