// Builds everything a browser fetches into src/stoa/front/static/build: one style sheet, the ES modules, fonts, the icon sprite.
// Each file carries a hash of its content in its name, and manifest.json maps plain names to them, so that they can be cached forever.
import { createHash } from 'node:crypto'
import { watch } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, optimize } from '@tailwindcss/node'
import { Scanner } from '@tailwindcss/oxide'
import { build as bundle } from 'esbuild'

const here = path.dirname(fileURLToPath(import.meta.url))
const front = path.resolve(here, '../src/stoa/front')
const out = path.join(front, 'static/build')
const require = createRequire(import.meta.url)

// Font packages: [css file of the package, name in the style sheet]. Literata's upright has its optical sizes, because titles need them.
const FONTS = [
  ['@fontsource-variable/literata/opsz.css', 'Literata'],
  ['@fontsource-variable/literata/wght-italic.css', 'Literata'],
  ['@fontsource-variable/inter/index.css', 'Inter'],
  ['@fontsource/atkinson-hyperlegible/400.css', 'Atkinson Hyperlegible'],
  ['@fontsource/atkinson-hyperlegible/400-italic.css', 'Atkinson Hyperlegible'],
  ['@fontsource/atkinson-hyperlegible/700.css', 'Atkinson Hyperlegible'],
  // What sites can choose besides; a browser fetches them where they are shown.
  ['@fontsource/anton/400.css', 'Anton'],
  ['@fontsource-variable/eb-garamond/wght.css', 'EB Garamond'],
  ['@fontsource-variable/eb-garamond/wght-italic.css', 'EB Garamond'],
  ['@fontsource-variable/nunito/wght.css', 'Nunito'],
  ['@fontsource-variable/playfair-display/wght.css', 'Playfair Display'],
  ['@fontsource-variable/roboto-slab/wght.css', 'Roboto Slab'],
]
// Single files: [file, family, style, weight]. The drawing of OpenDyslexic that @fontsource carries has misplaced accents.
const FONT_FILES = [
  ['open-dyslexic/woff/OpenDyslexic-Regular.woff', 'OpenDyslexic', 'normal', 400],
  ['open-dyslexic/woff/OpenDyslexic-Italic.woff', 'OpenDyslexic', 'italic', 400],
  ['open-dyslexic/woff/OpenDyslexic-Bold.woff', 'OpenDyslexic', 'normal', 700],
]
const SUBSETS = ['latin', 'latin-ext']
const ENTRIES = ['app', 'measures', 'editor', 'reader']

const digest = (data) => createHash('sha256').update(data).digest('hex').slice(0, 10)

/** Writes one file under its hashed name and returns that name, relative to the build folder. */
async function emit(written, name, data) {
  const { dir, name: stem, ext } = path.parse(name)
  const hashed = path.posix.join(dir, `${stem}-${digest(data)}${ext}`)
  await mkdir(path.join(out, dir), { recursive: true })
  await writeFile(path.join(out, hashed), data)
  written.add(hashed)
  return hashed
}

async function fonts(written, manifest) {
  const faces = []
  for (const [sheet, family] of FONTS) {
    const file = require.resolve(sheet)
    const css = await readFile(file, 'utf8')
    for (const block of css.match(/@font-face\s*{[^}]*}/g) ?? []) {
      const source = block.match(/url\(([^)]+\.woff2)\)/)?.[1]
      const subset = SUBSETS.findLast((s) => source?.includes(`-${s}-`))
      if (!subset || (subset === 'latin' && source.includes('-latin-ext-'))) continue
      const base = path.basename(source)
      const hashed = await emit(written, `fonts/${base}`, await readFile(path.resolve(path.dirname(file), source)))
      manifest[`fonts/${base}`] = hashed
      const has = (property) => block.match(new RegExp(`${property}:\\s*([^;]+);`))?.[1]
      const range = has('unicode-range')
      faces.push(
        `@font-face{font-family:"${family}";font-style:${has('font-style')};font-weight:${has('font-weight')};font-display:swap;` +
          `src:url(${hashed}) format("woff2")${range ? `;unicode-range:${range}` : ''}}`,
      )
    }
  }
  for (const [name, family, style, weight] of FONT_FILES) {
    const hashed = await emit(written, `fonts/${path.basename(name)}`, await readFile(require.resolve(name)))
    manifest[`fonts/${path.basename(name)}`] = hashed
    faces.push(`@font-face{font-family:"${family}";font-style:${style};font-weight:${weight};font-display:swap;src:url(${hashed}) format("woff")}`)
  }
  return faces.join('\n')
}

async function icons(written, manifest) {
  const names = JSON.parse(await readFile(path.join(here, 'icons.json'), 'utf8'))
  const folder = path.join(path.dirname(require.resolve('lucide-static/package.json')), 'icons')
  const own = path.join(here, 'icons')
  const files = [...names.map((name) => [name, folder]), ...(await readdir(own)).map((file) => [path.parse(file).name, own])]
  const symbols = []
  for (const [name, where] of files) {
    const svg = await readFile(path.join(where, `${name}.svg`), 'utf8')
    const shapes = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'))
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, '')}</symbol>`)
  }
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
  manifest['icons.svg'] = await emit(written, 'icons.svg', sprite)
}

async function styles(written, manifest, fontFaces) {
  const css = await readFile(path.join(here, 'css/app.css'), 'utf8')
  const compiler = await compile(css, { base: path.join(here, 'css'), onDependency() {} })
  const scanner = new Scanner({ sources: compiler.sources.map((source) => ({ ...source, negated: source.negated ?? false })) })
  const built = optimize(compiler.build(scanner.scan()), { file: 'app.css', minify: true }).code
  manifest['app.css'] = await emit(written, 'app.css', `${fontFaces}\n${built}`)
}

async function scripts(written, manifest) {
  const result = await bundle({
    entryPoints: ENTRIES.map((name) => path.join(here, `js/${name}.js`)),
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    metafile: true,
    logLevel: 'warning',
  })
  for (const [file, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    written.add(path.basename(file))
    if (entryPoint) manifest[path.basename(entryPoint)] = path.basename(file)
  }
}

/** Removes what earlier builds left, after the manifest names the new files: a running server never points at a missing one. */
async function sweep(written) {
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    const name = path.relative(out, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/')
    if (entry.isFile() && name !== 'manifest.json' && !written.has(name)) await rm(path.join(out, name))
  }
}

async function build() {
  const started = performance.now()
  await mkdir(out, { recursive: true })
  const written = new Set()
  const manifest = {}
  const [faces] = await Promise.all([fonts(written, manifest), icons(written, manifest), scripts(written, manifest)])
  await styles(written, manifest, faces)
  const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)))
  await writeFile(path.join(out, 'manifest.json.new'), JSON.stringify(sorted, null, 2) + '\n')
  await rename(path.join(out, 'manifest.json.new'), path.join(out, 'manifest.json'))
  await sweep(written)
  console.log(`built ${written.size} files in ${Math.round(performance.now() - started)} ms`)
}

await build()
if (process.argv.includes('--watch')) {
  let timer
  const soon = (_event, name) => {
    if (name?.includes(`static${path.sep}build`) || name?.includes('__pycache__')) return
    clearTimeout(timer)
    timer = setTimeout(() => build().catch((error) => console.error(error.message)), 120)
  }
  for (const folder of [path.join(here, 'css'), path.join(here, 'js'), front]) watch(folder, { recursive: true }, soon)
}
