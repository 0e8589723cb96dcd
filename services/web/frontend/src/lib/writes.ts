import type { Model } from '@/lib/api/types'

/** Whether a model answers in words; one that can nothing but embed does not. */
export const writes = ({ capabilities }: Model): boolean => capabilities?.length !== 1 || capabilities[0] !== 'embeddings'
