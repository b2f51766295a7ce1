// Builds each widget into one HTML file that loads nothing, apps/<server>/widgets/dist/<name>.html, and each script of
// the sign-in pages that is made of packages into one file. The same sources give the same bytes. With --check nothing is written: the files are compared with what the sources make.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { scripts, widgets } from './widgets.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
process.chdir(here)
process.env.NODE_ENV = 'production'

async function bundle(input, format, alias = {}) {
  const made = await build({
    root: here,
    configFile: false,
    resolve: { alias },
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      target: 'es2022',
      cssTarget: ['chrome123', 'safari17.5', 'firefox120'], // which have light-dark()
      minify: true,
      cssMinify: true,
      modulePreload: false,
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: {
        input,
        output: { format, codeSplitting: false, comments: { legal: false } },
      },
    },
  })
  const parts = (Array.isArray(made) ? made : [made]).flatMap((m) => m.output)
  const script = parts.filter((p) => p.type === 'chunk').map((p) => p.code)
  const style = parts.filter((p) => p.type === 'asset' && p.fileName.endsWith('.css')).map((p) => String(p.source))
  const other = parts.filter((p) => p.type === 'asset' && !p.fileName.endsWith('.css'))
  if (script.length !== 1 || other.length > 0) {
    throw new Error(`${input} does not fit into one file: ${parts.map((p) => p.fileName).join(', ')}`)
  }
  return { script: script[0], style: style.join('\n') }
}

function page(title, { script, style }) {
  // What would end the element early must not stand in it.
  const safeScript = script.trim().replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')
  if (/<\/style/i.test(style)) throw new Error('the style ends its own element')
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    `<style>${style.trim()}</style>`,
    '</head>',
    '<body>',
    '<div id="root"></div>',
    `<script type="module">${safeScript}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

const check = process.argv.includes('--check')
const scratch = check ? await mkdtemp(path.join(tmpdir(), 'sallyport-widgets-')) : ''
let stale = 0
const files = [
  ...widgets.map(({ name, server, title }) => ({
    at: path.join(here, '..', server, 'widgets', 'dist', `${name}.html`),
    make: async () => page(title, await bundle(path.join(here, 'src', name, 'main.tsx'), 'iife')),
  })),
  ...scripts.map(({ source, made, of, without }) => ({
    at: path.join(here, '..', '..', made),
    make: async () => {
      const empty = path.join(here, '..', '..', path.dirname(source), 'without.js')
      const alias = [
        { find: of, replacement: path.join(here, 'node_modules', of) },
        ...without.map((name) => ({ find: new RegExp(`^${name}(/.*)?$`), replacement: empty })),
      ]
      return (await bundle(path.join(here, '..', '..', source), 'es', alias)).script
    },
  })),
]
for (const { at, make } of files) {
  const text = await make()
  const shown = path.relative(path.join(here, '..', '..'), at)
  const size = `${(text.length / 1024).toFixed(0)} KB, ${(gzipSync(text).length / 1024).toFixed(0)} KB gzipped`
  if (!check) {
    await mkdir(path.dirname(at), { recursive: true })
    await writeFile(at, text)
    console.log(`${shown}: ${size}`)
    continue
  }
  const committed = await readFile(at, 'utf8').catch(() => '')
  if (committed === text) {
    console.log(`${shown} is what its sources make (${size})`)
    continue
  }
  const made = path.join(scratch, path.basename(at))
  await writeFile(made, text)
  console.log(`${shown} is not what its sources make. See how they differ:\n\tcmp ${shown} ${made}\nand commit what this makes:\n\tcd apps/widgets && npm run build`)
  stale++
}
if (check && stale === 0) await rm(scratch, { recursive: true })
process.exit(stale === 0 ? 0 : 1)
