/** Stands where the palette will be until its code is here, so that no letter of a fast writer is lost. */
export function PaletteHolder({ text, onText, onClose }: { text: string; onText: (text: string) => void; onClose: () => void }) {
  return (
    <div role="dialog" aria-label="Find or do" className="fixed inset-x-0 top-[12dvh] z-40 mx-auto w-[calc(100%-2rem)] max-w-xl rounded-lg border border-line bg-surface shadow-lift">
      {/* The person has just asked to type here. */}
      {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
      <input autoFocus aria-label="Find or do" value={text} onChange={(event) => onText(event.target.value)} onKeyDown={(event) => event.key === 'Escape' && onClose()} className="w-full bg-transparent px-4 py-3 text-md outline-none" />
    </div>
  )
}
