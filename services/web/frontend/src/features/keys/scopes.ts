/** What a key can be given, in words. The server refuses what its maker lacks. */
const SCOPES: Record<string, string> = {
  'models.call': 'Ask models, through the official SDKs',
  'models.read': 'List models and connections',
  'prompts.read': 'Read prompts and snippets',
  'prompts.write': 'Write prompts and snippets',
  'prompts.generate': 'Have a model improve prompts',
  'documents.read': 'Read documents',
  'documents.write': 'Write documents',
  'documents.generate': 'Generate documents',
  'generations.read': 'Follow generations',
  'generations.start': 'Start generations',
  'generations.cancel': 'Stop generations',
  'usage.read': 'Read usage, cost and budgets',
  'connections.manage': 'Change connections and models',
  'budgets.manage': 'Change budgets and limits',
}
/** A key is for a program: it neither makes keys nor manages people. */
const FOR_PEOPLE = new Set(['open', 'keys.manage', 'projects.manage'])

/** What most programs need: to ask models, and to see which there are. */
export const USUAL: readonly string[] = ['models.call', 'models.read']

export const scopeWords = (scope: string): string => SCOPES[scope] ?? scope

/** The scopes that somebody with these capabilities can give, the usual ones first. */
export function grantable(capabilities: readonly string[]): string[] {
  const order = Object.keys(SCOPES)
  return capabilities.filter((scope) => !FOR_PEOPLE.has(scope)).toSorted((one, other) => place(order, one) - place(order, other))
}

const place = (order: readonly string[], scope: string): number => (order.includes(scope) ? order.indexOf(scope) : order.length)
