// Writes a .br and a .gz beside every text file of the build: the server sends them as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TEXT = /\.(?:js|css|html|svg|json|map)$/
// Below this size the headers cost more than compression saves.
const SMALLEST_BYTES = 1024

for (const name of readdirSync('dist', { recursive: true })) {
  if (!TEXT.test(name)) continue
  const bytes = readFileSync(`dist/${name}`)
  if (bytes.length < SMALLEST_BYTES) continue
  writeFileSync(`dist/${name}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`dist/${name}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
}
