// Fails when the shell or a route's first view outgrows its budget (kB of gzipped JavaScript).
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const SHELL_KB = 130
const ROUTE_KB = 180
const EDITOR_KB = 135
const TOTAL_KB = 900
const ROUTE = /^src\/app\/routes\/[^?]+\?tsr-split=component$/

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))
const sizes = new Map()

function kilobytes(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length / 1000)
  return sizes.get(file)
}

function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, seen)
  return seen
}

const scripts = (keys) => new Set([...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')))
const sum = (files) => [...files].reduce((total, file) => total + kilobytes(file), 0)

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const shellKeys = closure(entry)
const shellRoute = Object.keys(manifest).find((key) => key.startsWith('src/app/routes/$project.tsx') && ROUTE.test(key))
if (shellRoute) for (const key of closure(shellRoute)) shellKeys.add(key)
const shell = scripts(shellKeys)

const rows = [['shell', sum(shell), SHELL_KB]]
for (const key of Object.keys(manifest).filter((name) => ROUTE.test(name) && name !== shellRoute)) {
  const own = [...scripts(closure(key))].filter((file) => !shell.has(file))
  rows.push([key.replace('src/app/routes/', '').replace('?tsr-split=component', ''), sum(own), ROUTE_KB])
}
const every = new Set(Object.values(manifest).map((chunk) => chunk.file).filter((file) => file.endsWith('.js')))
const editor = Object.keys(manifest).find((key) => key.endsWith('editor/template-editor.tsx'))
if (editor) rows.push(['editor', sum([...scripts(closure(editor))].filter((file) => !shell.has(file))), EDITOR_KB])
rows.push(['all scripts', sum(every), TOTAL_KB])

for (const [name, size, limit] of rows) console.log(`${size > limit ? 'OVER' : 'ok  '} ${size.toFixed(1).padStart(7)} / ${limit} kB  ${name}`)

// Code from text would need 'unsafe-eval', which the content security policy does not grant.
const evaluating = [...every].filter((file) => /new Function\(|[^.\w]eval\(/.test(readFileSync(`dist/${file}`, 'utf8')))
if (evaluating.length > 0) console.log(`OVER  code made from text: ${evaluating.join(', ')}`)
process.exit(evaluating.length > 0 || rows.some(([, size, limit]) => size > limit) ? 1 : 0)
