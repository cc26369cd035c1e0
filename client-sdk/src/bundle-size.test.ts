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

/** Returns the file that a page loads for an entry, and the chunks that it loads when they are first needed. */
const built = async (name: string, external: string[] = []) => {
  const { banner = '', ...file } = BUNDLES.find((file) => file.name === name)!
  // The banner names the licenses of what is not external.
  const chunks = await bundle({ ...file, ...(external.length === 0 && { banner }), external })
  const entry = chunks.find(({ fileName }) => fileName === `${name}.js`)!
  expect(entry.imports).toEqual(external)
  return {
    entry,
    chunks,
    /** Returns what a page loads for these chunks: each with everything that it imports, except the entry. */
    parts(...names: string[]) {
      const found = new Set<Chunk>()
      const add = (chunk: Chunk) => {
        if (chunk === entry || found.has(chunk)) return
        found.add(chunk)
        for (const path of chunk.imports) add(chunks.find(({ fileName }) => fileName === path)!)
      }
      const wanted = chunks.filter(({ fileName }) => names.some((part) => fileName.includes(`/${part}-`)))
      expect(wanted.length).toBe(names.length)
      for (const chunk of wanted) add(chunk)
      return [...found]
    },
  }
}

it('bundles stay within their size budgets', async () => {
  expect(sizeOf([(await built('client', ['socket.io-client'])).entry])).toBeLessThanOrEqual(10 * KB)
  expect(sizeOf([(await built('client')).entry])).toBeLessThanOrEqual(17.25 * KB)
  // With the headless client and Lit.
  const bell = await built('bell')
  expect(sizeOf([bell.entry])).toBeLessThanOrEqual(29.6 * KB)
  // Also loaded while the bell is closed, if there are unread items.
  expect(sizeOf(bell.parts('sending'))).toBeLessThanOrEqual(1.8 * KB)
  expect(sizeOf(bell.parts('panel'))).toBeLessThanOrEqual(16.5 * KB)
  expect(sizeOf(bell.parts('panel', 'preferences-page'))).toBeLessThanOrEqual(22.9 * KB)
  expect(sizeOf(bell.parts('announcements'))).toBeLessThanOrEqual(5.5 * KB)
  expect(sizeOf(bell.parts('toasts'))).toBeLessThanOrEqual(5 * KB)
  expect(sizeOf(bell.parts('sound', 'page-badge'))).toBeLessThanOrEqual(1 * KB)
  expect(sizeOf([(await built('push')).entry])).toBeLessThanOrEqual(2 * KB)
  expect(sizeOf([(await built('push-worker')).entry])).toBeLessThanOrEqual(2 * KB)
})

it('the React entry adds at most 2 kB to React, the client and the bell', async () => {
  const entry = { name: 'react', entry: 'src/react/react.ts', format: 'esm' }
  const external = (path: string) => /^react$|^\.\.\//.test(path)
  expect(sizeOf(await bundle({ ...entry, external }))).toBeLessThanOrEqual(2 * KB)
})

it.each(['client', 'push', 'push-worker'])(
  '%s bundles only types and item rules from the schemas',
  async (name) => {
    const { chunks } = await built(name)
    const inputs = chunks.flatMap(({ moduleIds }) => moduleIds)
    expect(inputs.length).toBeGreaterThan(0)
    expect(
      inputs.filter((path) => /zod|schemas\/(?!src\/inbox\/(item-rules|capped-counts))/.test(path)),
    ).toEqual([])
  },
)

it('can be imported outside a browser', async () => {
  expect(globalThis.window).toBeUndefined()
  const { createPush } = await import('./push/push.ts')
  createPush({ url: 'http://hub.test', token: 'x' })
  expect((await import('./sw/push-worker.ts')).handlePush).toBeTypeOf('function')
  const { createClient } = await import('./index.ts')
  await import('./bell/element.ts')
  await import('./react/react.ts')
  const client = createClient({ url: 'http://hub.test', token: 'x' })
  expect(client.feed().getSnapshot().status).toBe('loading')
})
