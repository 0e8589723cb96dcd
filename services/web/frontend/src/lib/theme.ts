/** `system` follows the device. theme.js applies the same choice before the first paint. */
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'scriptorium.theme'
const darkDevice = () => matchMedia('(prefers-color-scheme: dark)')

export function chosenTheme(): Theme {
  try {
    const text = localStorage.getItem(KEY)
    return text === 'light' || text === 'dark' ? text : 'system'
  } catch {
    return 'system'
  }
}

export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Storage is closed: the choice lasts as long as the page.
  }
  applyTheme(theme)
}

export function applyTheme(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && darkDevice().matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

/** Keep following the device while the choice is `system`. */
export function followDeviceTheme(): void {
  darkDevice().addEventListener('change', () => applyTheme(chosenTheme()))
}
