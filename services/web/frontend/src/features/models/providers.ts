import type { Connection } from '@/lib/api/types'

type Kind = Exclude<Connection['provider'], 'simulator'>

/** The providers that a project can connect, each with what its account needs. */
export const PROVIDERS: Record<Kind, { label: string; address: 'own' | 'needed'; example: string }> = {
  openai: { label: 'OpenAI', address: 'own', example: 'https://api.openai.com/v1' },
  anthropic: { label: 'Anthropic', address: 'own', example: 'https://api.anthropic.com' },
  xai: { label: 'xAI', address: 'own', example: 'https://api.x.ai/v1' },
  groq: { label: 'Groq', address: 'own', example: 'https://api.groq.com/openai/v1' },
  azure: { label: 'Azure OpenAI', address: 'needed', example: 'https://RESOURCE.openai.azure.com/openai/v1' },
  compatible: { label: 'Another server with the OpenAI wire format', address: 'needed', example: 'https://models.example.org/v1' },
}

export type ProviderKind = Kind
export const KINDS = Object.keys(PROVIDERS) as Kind[]

export const providerWords = (provider: Connection['provider']): string => (provider === 'simulator' ? 'Built-in simulator' : provider === 'compatible' ? 'OpenAI-compatible' : PROVIDERS[provider].label)
