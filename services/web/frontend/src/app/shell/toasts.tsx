import { Toaster } from 'sonner'

const STYLE = {
  '--normal-bg': 'var(--surface)',
  '--normal-border': 'var(--line)',
  '--normal-text': 'var(--ink)',
  fontFamily: 'var(--font-sans)',
} as React.CSSProperties

/** Where short messages appear; Alt+T moves the focus to them. */
export default function Toasts() {
  return <Toaster position="bottom-right" style={STYLE} offset={20} mobileOffset={{ bottom: 72 }} toastOptions={{ classNames: { actionButton: '!bg-lapis !text-on-lapis', description: '!text-ink-2' } }} />
}
