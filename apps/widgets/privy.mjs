// Builds the script of the page on which Privy's login runs, internal/pages/privy/dist/privy.js, out of main.js beside it
// and Privy's package. The same sources give the same bytes. With --check nothing is written: the file is compared with
// what the sources make.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = path.dirname(fileURLToPath(import.meta.url))
const page = path.join(here, '..', '..', 'internal', 'pages', 'privy')
const at = path.join(page, 'dist', 'privy.js')
process.env.NODE_ENV = 'production'

const made = await build({
  root: here,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  resolve: {
    alias: [
      { find: '@privy-io/js-sdk-core', replacement: path.join(here, 'node_modules', '@privy-io', 'js-sdk-core') },
      // What it brings for wallets and telephones has no place on the page.
      { find: /^(viem|libphonenumber-js)(\/.*)?$/, replacement: path.join(page, 'without.js') },
    ],
  },
  build: {
    write: false,
    target: 'es2022',
    minify: true,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: { input: path.join(page, 'main.js'), output: { format: 'es', codeSplitting: false, comments: { legal: false } } },
  },
})
const parts = (Array.isArray(made) ? made : [made]).flatMap((m) => m.output)
if (parts.length !== 1) throw new Error(`it does not fit into one file: ${parts.map((p) => p.fileName).join(', ')}`)

if (!process.argv.includes('--check')) {
  await mkdir(path.dirname(at), { recursive: true })
  await writeFile(at, parts[0].code)
  console.log(`${path.basename(at)}: ${(parts[0].code.length / 1024).toFixed(0)} KB`)
} else if ((await readFile(at, 'utf8').catch(() => '')) === parts[0].code) {
  console.log('the script of Privy\'s login is what its sources make')
} else {
  console.log('internal/pages/privy/dist/privy.js is not what its sources make. Commit what this makes:\n\tcd apps/widgets && npm run privy')
  process.exitCode = 1
}
