import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const KB = 1_024

type External = string[] | ((path: string) => boolean)
type File = { name: string; entry: string; format: string; banner?: string; external?: External }
type Chunk = { fileName: string; code: string; moduleIds: string[]; imports: string[] }

/** The module that builds the browser files, which Node runs without a build. */
const { BUNDLES, bundle } = (await import(new URL('../bundles.mjs', import.meta.url).href)) as {
  BUNDLES: File[]
  bundle(file: File): Promise<Chunk[]>
}
const sizeOf = (chunks: readonly Chunk[]) =>
  chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)

/** Returns what a page loads with an entry, and the chunks that it loads when they are first needed. */
const built = async (name: string, external: string[] = []) => {
  const { banner = '', ...file } = BUNDLES.find((file) => file.name === name)!
  // The banner names the licenses of what is not external.
  const chunks = await bundle({ ...file, ...(external.length === 0 && { banner }), external })
  const entry = chunks.find(({ fileName }) => fileName === `${name}.js`)!

  /** Returns the chunks with everything that they import, except the `known` ones. */
  const withImports = (wanted: readonly Chunk[], known: readonly Chunk[] = []) => {
    const found = new Set<Chunk>()
    const add = (chunk: Chunk) => {
      if (found.has(chunk) || known.includes(chunk)) return
      found.add(chunk)
      for (const path of chunk.imports)
        if (!external.includes(path)) add(chunks.find(({ fileName }) => fileName === path)!)
    }
    for (const chunk of wanted) add(chunk)
    return [...found]
  }
  const loaded = withImports([entry])
  return {
    loaded,
    lazy: chunks.filter((chunk) => !loaded.includes(chunk)),
    /** Returns what a page loads for these chunks, beyond the entry. */
    parts(...names: string[]) {
      const wanted = chunks.filter(({ fileName }) => names.some((part) => fileName.includes(`/${part}-`)))
      expect(wanted.length).toBe(names.length)
      return withImports(wanted, loaded)
    },
  }
}

it('bundles stay within their size budgets', async () => {
  expect(sizeOf((await built('client', ['socket.io-client'])).loaded)).toBeLessThanOrEqual(9.9 * KB)
  expect(sizeOf((await built('client')).loaded)).toBeLessThanOrEqual(18.4 * KB)
  // With the headless client and Lit.
  const bell = await built('bell')
  expect(sizeOf(bell.loaded)).toBeLessThanOrEqual(30.65 * KB)
  expect(sizeOf(bell.parts('panel'))).toBeLessThanOrEqual(18 * KB)
  expect(sizeOf(bell.parts('panel', 'preferences-page'))).toBeLessThanOrEqual(25.4 * KB)
  expect(sizeOf(bell.parts('announcements'))).toBeLessThanOrEqual(5.4 * KB)
  expect(sizeOf(bell.parts('toasts'))).toBeLessThanOrEqual(5.1 * KB)
  expect(sizeOf(bell.parts('sound', 'page-badge'))).toBeLessThanOrEqual(1 * KB)
  expect(sizeOf((await built('push')).loaded)).toBeLessThanOrEqual(2 * KB)
  expect(sizeOf((await built('push-worker')).loaded)).toBeLessThanOrEqual(2 * KB)
})

it('the React entry adds at most 2 kB to React, the client and the bell', async () => {
  const entry = { name: 'react', entry: 'src/react/react.ts', format: 'esm' }
  const external = (path: string) => /^react$|^\.\.\//.test(path)
  expect(sizeOf(await bundle({ ...entry, external }))).toBeLessThanOrEqual(2 * KB)
})

it.each(['client', 'push', 'push-worker'])(
  '%s bundles only types and item rules from the schemas',
  async (name) => {
    const { loaded, lazy } = await built(name)
    const inputs = [...loaded, ...lazy].flatMap(({ moduleIds }) => moduleIds)
    expect(inputs.length).toBeGreaterThan(0)
    expect(inputs.filter((path) => /zod|schemas\/(?!src\/inbox\/item-rules)/.test(path))).toEqual([])
  },
)

it('can be imported outside a browser', async () => {
  expect(globalThis.window).toBeUndefined()
  const { createPush } = await import('./push/push.ts')
  createPush({ url: 'http://hub.test', token: 'x' })
  expect((await import('./sw/sw.ts')).handlePush).toBeTypeOf('function')
  const { createClient } = await import('./index.ts')
  await import('./bell/element.ts')
  await import('./react/react.ts')
  const client = createClient({ url: 'http://hub.test', token: 'x' })
  expect(client.feed().getSnapshot().status).toBe('loading')
})
