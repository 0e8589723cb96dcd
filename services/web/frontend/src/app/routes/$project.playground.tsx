import { createFileRoute } from '@tanstack/react-router'
import { PlaygroundPage } from '@/features/playground/playground-page'

export const Route = createFileRoute('/$project/playground')({
  validateSearch: ({ model }: { model?: string }) => (model ? { model } : {}),
  component: PlaygroundPage,
})
