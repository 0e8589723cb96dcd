import { createFileRoute } from '@tanstack/react-router'

// The parent route has led away before this one is reached; it only makes deeper short addresses match.
export const Route = createFileRoute('/prompts/$')({})
