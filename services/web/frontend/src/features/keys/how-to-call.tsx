import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyButton } from '@/components/copy-button'
import { Segmented } from '@/components/segmented'
import { type Language, LANGUAGES, snippetFor } from '@/features/keys/snippets'
import { useGatewayAddress } from '@/features/keys/use-gateway-address'
import { modelsQuery } from '@/lib/api/queries'

/** What stands for a key that only its holder knows. */
const YOURS = 'sk_YOUR_KEY'

/** A first call in the language of the reader, ready to be copied. */
export function HowToCall({ project, apiKey }: { project: string; apiKey?: string }) {
  const [language, setLanguage] = useState<Language>('openai')
  const { data } = useQuery(modelsQuery(project))
  const address = useGatewayAddress()
  const text = snippetFor(language, { address, key: apiKey ?? YOURS, model: data?.default_model ?? 'simulator/quill' })
  return (
    <section aria-label="How to call">
      <h2 className="font-serif text-md">Point your SDK here</h2>
      <p className="mb-3 max-w-2xl text-xs text-ink-2">The official SDKs work as they are: change the address and the key, nothing else. Models are named as on the page of models, or by an alias.</p>
      <Segmented label="Language" choices={LANGUAGES} value={language} onChange={setLanguage} />
      <div className="relative mt-3 max-w-3xl">
        {/* Scrolls by itself, so it must be reachable by keyboard. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} aria-label={`${LANGUAGES[language]}: a first call`} className="overflow-x-auto rounded-md border border-line bg-sunken p-4 pr-28 font-mono text-xs leading-relaxed max-sm:pt-12 max-sm:pr-4">{text}</pre>
        <span className="absolute top-2 right-2"><CopyButton size="sm" text={text} label="Copy" /></span>
      </div>
    </section>
  )
}
