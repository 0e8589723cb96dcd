import { Monitor, Moon, Sun } from 'lucide-react'
import { useState } from 'react'
import { Menu } from '@/components/menu'
import { chosenTheme, chooseTheme, type Theme } from '@/lib/theme'

const CHOICES: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: 'system', label: 'Like the system', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
]

/** Choose light, dark or what the device says. */
export function ThemeButton({ className, wordsClass }: { className: string; wordsClass: string }) {
  const [theme, setTheme] = useState(chosenTheme)
  const Icon = CHOICES.find((choice) => choice.theme === theme)?.icon ?? Monitor
  const items = CHOICES.map(({ theme: value, label, icon: Each }) => ({
    label,
    icon: <Each />,
    onSelect: () => {
      chooseTheme(value)
      setTheme(value)
    },
  }))
  const trigger = <button type="button" className={className}><Icon /><span className={wordsClass}>Theme</span></button>
  return <Menu side="top" trigger={trigger} items={items} />
}
