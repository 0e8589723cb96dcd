import axe from 'axe-core'

/** What breaks a rule of accessibility on the page; jsdom draws nothing, so contrast is left to the browser's own check. */
export async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}
