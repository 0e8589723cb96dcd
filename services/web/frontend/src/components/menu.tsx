import { cloneElement, lazy, type MouseEvent, type ReactElement, type ReactNode, Suspense, useState } from 'react'

export interface MenuItem {
  label: string
  icon?: ReactNode
  onSelect: () => void
  danger?: boolean
  /** Why it cannot be chosen now; shown under the label. */
  reason?: string | null
}

export interface MenuProps {
  trigger: ReactElement<{ onClick?: (event: MouseEvent) => void; 'aria-haspopup'?: 'menu' }>
  items: readonly (MenuItem | 'rule')[]
  header?: ReactNode
  side?: 'top' | 'bottom'
}

const OpenMenu = lazy(() => import('@/components/open-menu'))

/** A menu of actions behind a button. What it takes to open is fetched with the first press. */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState(false)
  const closed = cloneElement(props.trigger, { 'aria-haspopup': 'menu', onClick: () => setWanted(true) })
  return wanted ? <Suspense fallback={closed}><OpenMenu {...props} /></Suspense> : closed
}
