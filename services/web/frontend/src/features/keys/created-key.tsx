import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { Dialog } from '@/components/dialog'
import { HowToCall } from '@/features/keys/how-to-call'
import type { CreatedApiKey } from '@/lib/api/types'

/** The text of a new key, this once, with a first call to try it. */
export function CreatedKey({ project, created, onClose }: { project: string; created: CreatedApiKey; onClose: () => void }) {
  return (
    <Dialog title={`The key “${created.name}”`} description="Copy it now: it is shown this once. Who loses it makes another one." onClose={onClose} footer={<Button variant="primary" onClick={onClose}>I have copied it</Button>}>
      <div className="flex flex-col gap-6 p-5">
        <div className="flex flex-wrap items-center gap-2 rounded-md border border-edge bg-sunken p-3">
          <output aria-label="API key" className="min-w-0 flex-1 basis-60 font-mono text-sm break-all">{created.api_key}</output>
          <CopyButton variant="primary" text={created.api_key} label="Copy key" />
        </div>
        {created.scopes.includes('models.call') && <HowToCall project={project} apiKey={created.api_key} />}
      </div>
    </Dialog>
  )
}
