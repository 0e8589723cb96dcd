import { useParams } from '@tanstack/react-router'

/** The slug of the project that the address names. */
export function useProject(): string {
  const { project } = useParams({ strict: false })
  if (!project) throw new Error('useProject is for pages under /{project}.')
  return project
}
