import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { type EditorState, type Extension, Facet, type Range } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, hoverTooltip, ViewPlugin, type ViewUpdate } from '@codemirror/view'
import { FILTERS, liquidMarks } from '@/lib/liquid'

/** What the editor knows of the project: parameters to offer, snippets with their first lines. */
export interface TemplateWords {
  parameters: readonly string[]
  snippets: readonly { name: string; content: string }[]
  /** False until the snippets were read: nothing is called unknown before. */
  complete: boolean
}

export const templateWords = Facet.define<TemplateWords, TemplateWords>({
  combine: (values) => values[0] ?? { parameters: [], snippets: [], complete: false },
})

function decorate(view: EditorView): DecorationSet {
  const words = view.state.facet(templateWords)
  const known = new Set(words.snippets.map(({ name }) => name))
  const ranges: Range<Decoration>[] = liquidMarks(view.state.doc.toString()).map((mark) => {
    const unknown = mark.kind === 'snippet' && words.complete && !known.has(mark.name)
    return Decoration.mark({ class: unknown ? 'lq-unknown' : `lq-${mark.kind}` }).range(mark.from, mark.to)
  })
  return Decoration.set(ranges, true)
}

const marks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet
    constructor(view: EditorView) {
      this.decorations = decorate(view)
    }
    update(update: ViewUpdate) {
      const reworded = update.startState.facet(templateWords) !== update.state.facet(templateWords)
      if (update.docChanged || reworded) this.decorations = decorate(update.view)
    }
  },
  { decorations: (plugin) => plugin.decorations },
)

/** Offer snippets after `@`, parameters inside `{{ }}`, filters after a bar. */
export function completeTemplate(context: CompletionContext): CompletionResult | null {
  const words = context.state.facet(templateWords)
  const snippet = context.matchBefore(/(?<![\w@.])@[a-z0-9-]*/)
  if (snippet) return { from: snippet.from + 1, options: words.snippets.map(snippetOption), validFor: /^[a-z0-9-]*$/ }
  const filter = context.matchBefore(/\{\{[^}]*\|\s*\w*/)
  if (filter) return { from: wordStart(context), options: FILTERS.map((label) => ({ label, type: 'function' })), validFor: /^\w*$/ }
  const output = context.matchBefore(/\{\{-?\s*\w*/)
  if (output) return { from: wordStart(context), options: words.parameters.map((label) => ({ label, type: 'variable' })), validFor: /^\w*$/ }
  return null
}

function snippetOption({ name, content }: { name: string; content: string }): Completion {
  return { label: name, detail: content.split('\n')[0]?.slice(0, 48) ?? '', type: 'text' }
}

function wordStart(context: CompletionContext): number {
  return context.matchBefore(/\w*/)?.from ?? context.pos
}

function snippetAt(state: EditorState, position: number) {
  const mark = liquidMarks(state.doc.toString()).find(({ kind, from, to }) => kind === 'snippet' && from <= position && position <= to)
  const snippet = mark && state.facet(templateWords).snippets.find(({ name }) => name === mark.name)
  return mark && snippet ? { mark, snippet } : null
}

const preview = hoverTooltip((view, position) => {
  const found = snippetAt(view.state, position)
  if (!found) return null
  return {
    pos: found.mark.from,
    end: found.mark.to,
    above: true,
    create: () => {
      const dom = document.createElement('div')
      dom.style.cssText = 'max-width:20rem;max-height:12rem;overflow:auto;padding:.5rem .75rem;white-space:pre-wrap;font-family:var(--font-mono)'
      dom.textContent = found.snippet.content
      return { dom }
    },
  }
})

/** Marks, completion and previews of a template. */
export const liquid: Extension = [marks, autocompletion({ override: [completeTemplate], icons: false }), preview]
