// Builds each widget into one HTML file that loads nothing: apps/<server>/widgets/dist/<name>.html. The same sources
// give the same bytes. With --check nothing is written: the files are compared with what the sources make.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { widgets } from './widgets.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
process.chdir(here)
process.env.NODE_ENV = 'production'

async function bundle(name) {
  const made = await build({
    root: here,
    configFile: false,
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
        input: path.join(here, 'src', name, 'main.tsx'),
        output: { format: 'iife', codeSplitting: false, comments: { legal: false } },
      },
    },
  })
  const parts = (Array.isArray(made) ? made : [made]).flatMap((m) => m.output)
  const script = parts.filter((p) => p.type === 'chunk').map((p) => p.code)
  const style = parts.filter((p) => p.type === 'asset' && p.fileName.endsWith('.css')).map((p) => String(p.source))
  const other = parts.filter((p) => p.type === 'asset' && !p.fileName.endsWith('.css'))
  if (script.length !== 1 || other.length > 0) {
    throw new Error(`${name} does not fit into one file: ${parts.map((p) => p.fileName).join(', ')}`)
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
for (const { name, server, title } of widgets) {
  const html = page(title, await bundle(name))
  const at = path.join(here, '..', server, 'widgets', 'dist', `${name}.html`)
  const shown = path.relative(path.join(here, '..', '..'), at)
  const size = `${(html.length / 1024).toFixed(0)} KB, ${(gzipSync(html).length / 1024).toFixed(0)} KB gzipped`
  if (!check) {
    await mkdir(path.dirname(at), { recursive: true })
    await writeFile(at, html)
    console.log(`${shown}: ${size}`)
    continue
  }
  const committed = await readFile(at, 'utf8').catch(() => '')
  if (committed === html) {
    console.log(`${shown} is what apps/widgets makes (${size})`)
    continue
  }
  const made = path.join(scratch, `${name}.html`)
  await writeFile(made, html)
  console.log(`${shown} is not what apps/widgets makes. See how they differ:\n\tcmp ${shown} ${made}\nand commit what this makes:\n\tcd apps/widgets && npm run build`)
  stale++
}
if (check && stale === 0) await rm(scratch, { recursive: true })
process.exit(stale === 0 ? 0 : 1)
