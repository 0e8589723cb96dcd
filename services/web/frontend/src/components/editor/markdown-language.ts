import { defineLanguageFacet, HighlightStyle, Language, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { tags } from '@lezer/highlight'
import { GFM, parser } from '@lezer/markdown'

// The ready-made Markdown package would bring the grammars of HTML, CSS and JavaScript along: 80 kB for a quiet mark.
const language = new Language(defineLanguageFacet(), parser.configure(GFM), [], 'markdown')

const style = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '650' },
  { tag: tags.strong, fontWeight: '650' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.processingInstruction, color: 'var(--ink-3)' },
  { tag: tags.monospace, color: 'var(--ink-2)' },
  { tag: [tags.link, tags.url], color: 'var(--lapis)' },
])

/** Markdown in quiet marks: weight and dimmed signs, no colours that mean something else. */
export const markdown: Extension = [language, syntaxHighlighting(style)]
