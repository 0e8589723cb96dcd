import { PageHeader } from '@/components/page-header'
import { useRefusal } from '@/components/use-can'
import { AliasesSection } from '@/features/models/aliases-section'
import { CatalogueSection } from '@/features/models/catalogue-section'
import { ConnectionsSection } from '@/features/models/connections-section'
import { GatewaySettingsSection } from '@/features/models/gateway-settings-section'
import { useProject } from '@/lib/use-project'

/** Where models come from: connections, the catalogue, names for chains, and how calls are treated. */
export function ModelsPage() {
  const project = useProject()
  const refusal = useRefusal(project, 'connections.manage')
  return (
    <>
      <PageHeader title="Models and connections" status={refusal && <span>Read only: an admin of the project changes this.</span>} />
      <div className="flex max-w-6xl flex-col gap-10 px-5 py-5 max-sm:px-4">
        <ConnectionsSection project={project} />
        <CatalogueSection project={project} />
        <AliasesSection project={project} />
        <GatewaySettingsSection project={project} />
      </div>
    </>
  )
}
