import { keepOfPerson, ofPerson } from '@/lib/person'

export interface RecentItem {
  kind: 'prompt' | 'document'
  id: string
  title: string
}

const MOST = 8

export const recentItems = (project: string): RecentItem[] => ofPerson(`recent.${project}`, [])

/** Put an item at the top of what this device visited last. */
export function visit(project: string, item: RecentItem): void {
  const others = recentItems(project).filter(({ id }) => id !== item.id)
  keepOfPerson(`recent.${project}`, [item, ...others].slice(0, MOST))
}

/** Forget an item that is no longer there. */
export function forget(project: string, id: string): void {
  keepOfPerson(`recent.${project}`, recentItems(project).filter((item) => item.id !== id))
}
