import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { type Diagnostic, lintKeymap, nextDiagnostic, setDiagnostics } from '@codemirror/lint'
import { search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import { EditorView, keymap, lineNumbers, placeholder as placeholderOf } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { liquid, templateWords, type TemplateWords } from '@/components/editor/liquid'
import { markdown } from '@/components/editor/markdown-language'
import type { Finding } from '@/lib/api/types'
import { offsetOf } from '@/lib/liquid'

interface TemplateEditorProps {
  label: string
  value: string
  onChange: (value: string) => void
  words?: TemplateWords
  findings?: readonly Finding[]
  placeholder?: string
  readOnly?: boolean
  /** Prompts have placeholders and snippets; documents are Markdown alone. */
  kind?: 'template' | 'document'
  /** Move the cursor there and show it; a new object moves again. */
  goTo?: { line: number; column: number } | null
}

const words = new Compartment()
const editable = new Compartment()

function extensions(props: TemplateEditorProps, onChange: (value: string) => void): Extension[] {
  const isTemplate = props.kind !== 'document'
  return [
    isTemplate ? [lineNumbers(), liquid, words.of(wordsOf(props)), closeBrackets()] : [],
    markdown,
    history(),
    search({ top: true }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': props.label, spellcheck: 'true', autocapitalize: 'sentences' }),
    placeholderOf(props.placeholder ?? ''),
    editable.of(readOnlyOf(props)),
    // Tab is left out on purpose: it leaves the editor (WCAG 2.1.2).
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...completionKeymap, ...lintKeymap, { key: 'F8', run: nextDiagnostic }]),
    EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
  ]
}

const wordsOf = ({ words: known }: TemplateEditorProps): Extension => (known ? templateWords.of(known) : [])
const readOnlyOf = ({ readOnly = false }: TemplateEditorProps): Extension => [EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)]

function diagnosticOf(text: string, finding: Finding): Diagnostic {
  const from = offsetOf(text, finding.line, finding.column)
  const to = Math.min(from + Math.max(finding.length ?? 0, 1), text.length)
  return { from: Math.min(from, to), to, severity: finding.severity, message: finding.message }
}

/** The one editor of the house: CodeMirror with Markdown, and for prompts placeholders, snippets and findings. */
export default function TemplateEditor(props: TemplateEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const newest = useRef(props)
  // Synchronises CodeMirror's callbacks with the newest render.
  useEffect(() => {
    newest.current = props
  })
  // Creates and destroys CodeMirror, which owns the text while it is on screen.
  useEffect(() => {
    const editor = new EditorView({
      parent: host.current ?? undefined,
      state: EditorState.create({ doc: newest.current.value, extensions: extensions(newest.current, (value) => newest.current.onChange(value)) }),
    })
    view.current = editor
    return () => editor.destroy()
  }, [])
  useExternalChanges(view, props)
  return <div ref={host} className="template-editor h-full min-h-0" data-kind={props.kind ?? 'template'} />
}

function useExternalChanges(view: { current: EditorView | null }, props: TemplateEditorProps): void {
  const { value, words: known, findings, readOnly, goTo } = props
  // Each effect synchronises CodeMirror with one value that changed outside it.
  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [view, value])
  useEffect(() => {
    view.current?.dispatch({ effects: words.reconfigure(known ? templateWords.of(known) : []) })
  }, [view, known])
  useEffect(() => {
    view.current?.dispatch({ effects: editable.reconfigure([EditorState.readOnly.of(readOnly ?? false), EditorView.editable.of(!readOnly)]) })
  }, [view, readOnly])
  useEffect(() => {
    const editor = view.current
    if (editor && findings) editor.dispatch(setDiagnostics(editor.state, findings.map((finding) => diagnosticOf(editor.state.doc.toString(), finding))))
  }, [view, findings])
  useEffect(() => {
    const editor = view.current
    if (!editor || !goTo) return
    editor.dispatch({ selection: { anchor: offsetOf(editor.state.doc.toString(), goTo.line, goTo.column) }, scrollIntoView: true })
    editor.focus()
  }, [view, goTo])
}
