import type { CustomModel } from '@/lib/api/types'

type Capability = CustomModel['capabilities'][number]

export const CAPABILITIES: Record<Capability, string> = { tools: 'tools', images: 'images', json_schema: 'JSON Schema', reasoning: 'thinking', temperature: 'temperature', embeddings: 'embeddings' }
export const ALL_CAPABILITIES = Object.keys(CAPABILITIES) as Capability[]

/** Prompts that name a model want to be moved a while before it goes. */
const SOON_MILLISECONDS = 90 * 86_400_000

export const retiresSoon = (day: string, now = Date.now()): boolean => Date.parse(day) - now < SOON_MILLISECONDS
