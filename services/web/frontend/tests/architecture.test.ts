import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../src')
const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !/routeTree\.gen|schema\.d/.test(name))
const importsOf = (name: string) => [...readFileSync(join(ROOT, name), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(@\/|\.{1,2}\/)([^']+)'/g)].map((match) => match[2] ?? '')

describe('the order of the house', () => {
  test('features do not import each other, nor the app', () => {
    const wrong = files.flatMap((name) => {
      const feature = /^features\/([^/]+)\//.exec(name)?.[1]
      return feature ? importsOf(name).filter((path) => path.startsWith('app/') || (path.startsWith('features/') && !path.startsWith(`features/${feature}/`))).map((path) => `${name} -> ${path}`) : []
    })
    expect(wrong).toEqual([])
  })

  test('components and lib know neither features nor the app, and lib no components', () => {
    const wrong = files.flatMap((name) => {
      const forbidden = name.startsWith('lib/') ? /^(?:app|features|components)\// : name.startsWith('components/') ? /^(?:app|features)\// : null
      return forbidden ? importsOf(name).filter((path) => forbidden.test(path)).map((path) => `${name} -> ${path}`) : []
    })
    expect(wrong).toEqual([])
  })

  test('there are no barrel files', () => {
    expect(files.filter((name) => /(?:^|\/)index\.tsx?$/.test(name) && dirname(name) !== 'app/routes')).toEqual([])
  })

  test('colours come from the five pigments only', () => {
    const raw = /#[0-9a-f]{3,8}\b(?![^'"`]*\})|\b(?:bg|text|border)-(?:red|green|blue|gray|slate|zinc|amber|yellow|purple|pink|indigo)-\d/i
    expect(files.filter((name) => name.endsWith('.tsx') && raw.test(readFileSync(join(ROOT, name), 'utf8').replaceAll("'#", '')))).toEqual([])
  })
})
