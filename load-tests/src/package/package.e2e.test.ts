import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { install, type Packed, pack, ROOT } from './install.ts'

const run = promisify(execFile)
const TYPES = fileURLToPath(new URL('types/', import.meta.url))

let dir: string
let packed: Packed[]
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-package-'))
  packed = await pack(join(dir, 'tarballs'))
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await install(dir, join(dir, 'tarballs'), packed, ['react', 'typescript', '@types/react'], 'client-sdk')
})
afterAll(() => rm(dir, { recursive: true }))

const tarball = (name: string) =>
  readFile(join(dir, 'tarballs', packed.find((each) => each.name === name)!.filename))
const manifestOf = async (name: string) =>
  JSON.parse(await readFile(join(dir, 'node_modules', name, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>
  }

const NAMES = ['@carillon/schemas', '@carillon/client']

test.each(NAMES)('publint finds nothing in %s', async (name) => {
  const bytes = new Uint8Array(await tarball(name))
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true })
  // Bundlers that do not know the object `browser` take the whole of Socket.IO, which works as well.
  const found = messages.filter(({ code }) => code !== 'USE_EXPORTS_OR_IMPORTS_BROWSER')
  expect(found.map((message) => formatMessage(message, pkg!, { color: false }))).toEqual([])
})

test.each(NAMES)('every entry of %s has the right types, for Node and bundlers', async (name) => {
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(await tarball(name))))
  if (!checked.types) throw new Error(`${name} has no types`)
  // The packages are ES modules, and have entries that older ways of resolving do not know.
  const found = checked.problems.filter(
    (problem) => !('resolutionKind' in problem && /^node10$|cjs/.test(problem.resolutionKind)),
  )
  expect(found).toEqual([])
})

test.each(NAMES)('%s has built files only, and no `source` condition', async (name) => {
  const { files } = packed.find((each) => each.name === name)!
  expect(
    files
      .map(({ path }) => path)
      .filter((path) => !/^(dist\/.+\.(js|js\.map|d\.ts)|package\.json|README\.md|LICENSE)$/.test(path)),
  ).toEqual([])
  expect(files.filter(({ path }) => /\.test\.|\/(testing|contract)\//.test(path))).toEqual([])
  expect(JSON.stringify((await manifestOf(name)).exports)).not.toMatch(/source|\.\/src/)
})

test.each(NAMES)('the README of %s links to no file that the package lacks', async (name) => {
  const readme = await readFile(join(dir, 'node_modules', name, 'README.md'), 'utf8')
  const links = [...readme.matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => target)
  expect(links.filter((target) => !/^(https:|#)/.test(target!))).toEqual([])
  expect(readme).not.toMatch(/src="\./)
})

test('the React entry says that it is for clients, also when packed', async () => {
  const entry = await readFile(join(dir, 'node_modules/@carillon/client/dist/react/react.js'), 'utf8')
  expect(entry).toMatch(/^'use client'/)
})

test('every entry can be imported in Node, and does nothing', async () => {
  const { exports } = await manifestOf('@carillon/client')
  const entries = Object.keys(exports).filter((path) => !/browser|json/.test(path))
  expect(entries).toHaveLength(6)
  for (const entry of entries) {
    const program = `await import('lit'); const before = Object.keys(globalThis).join()
      const exported = Object.keys(await import('@carillon/client${entry.slice(1)}'))
      console.log(JSON.stringify([exported, before === Object.keys(globalThis).join(), process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP/.test(name))]))`
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], {
      cwd: dir,
    })
    expect([entry, stderr, ...JSON.parse(stdout)]).toEqual([entry, '', expect.any(Array), true, []])
  }
})

const KB = 1_024
/** What an app imports, the file that a hub serves for it, and the number of bytes that may be added. */
const APPS: [string, string, number][] = [
  ["import { createClient } from '@carillon/client'; createClient", 'client', 1 * KB],
  ["import '@carillon/client/bell/define'", 'bell', 1.5 * KB],
  [
    "import { CarillonProvider, useFeed } from '@carillon/client/react'; [CarillonProvider, useFeed]",
    'client',
    3 * KB,
  ],
]
const sizeOf = (code: string | Buffer) => gzipSync(code, { level: 9 }).length

/** Returns the size of what an app loads at first. */
const bundled = async (program: string): Promise<number> => {
  const input = join(dir, 'budget.js')
  await writeFile(input, program.replace(/; (.*)$/, '; globalThis.used = $1'))
  const built = await build({
    ...{ root: dir, configFile: false, logLevel: 'error' },
    // Not the development build of Lit, which Vite takes in tests.
    resolve: { conditions: ['module', 'browser'] },
    build: { write: false, rolldownOptions: { input, external: ['react'] } },
  })
  return sizeOf((built as Rollup.RollupOutput).output[0].code)
}

test.each(APPS)('an app with %s bundles what is in %s.js of a hub', async (program, file, more) => {
  const served = await readFile(join(dir, `node_modules/@carillon/client/dist/browser/${file}.js`))
  expect(await bundled(program)).toBeLessThanOrEqual(sizeOf(served) + more)
})

test('an app bundles nothing that it does not use', async () => {
  expect(await bundled("import { NotificationBell } from '@carillon/client/bell'")).toBeLessThan(100)
  expect(await bundled("import { CarillonError } from '@carillon/client'; CarillonError")).toBeLessThan(500)
})

test.each(['bundler', 'nodenext'])(
  'the types of the public API are as documented (moduleResolution: %s)',
  async (moduleResolution) => {
    const app = join(dir, `types-${moduleResolution}`)
    await cp(TYPES, app, { recursive: true })
    const compilerOptions = {
      ...{ target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], strict: true, noEmit: true },
      ...{ module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext', moduleResolution },
      ...{ customConditions: ['source'], skipLibCheck: false, noUncheckedIndexedAccess: true },
    }
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const compiled = await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', app], { cwd: dir }).catch(
      (error) => error,
    )
    expect(compiled.stdout).toBe('')
  },
)
