import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const KB = 1_024

type External = string[] | ((path: string) => boolean)
type File = { name: string; entry: string; format: string; external?: External }
type Chunk = { fileName: string; code: string; moduleIds: string[]; imports: string[] }

/** The module that builds the browser files, which Node runs without a build. */
const { BUNDLES, bundle } = (await import(new URL('../bundles.mjs', import.meta.url).href)) as {
  BUNDLES: File[]
  bundle(file: File): Promise<Chunk[]>
}
const sizeOf = (chunks: readonly Chunk[]) =>
  chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)

/** Returns the built file of an entry, and the chunks that it loads when they are first needed. */
const built = async (name: string, external: string[] = []) => {
  const chunks = await bundle({ ...BUNDLES.find((file) => file.name === name)!, external })
  const entry = chunks.find(({ fileName }) => fileName === `${name}.js`)!
  // Modules shared with the chunks are in the entry, or in one chunk that a page loads with it.
  const shared = chunks.filter(({ fileName }) => entry.imports.includes(fileName))
  const loaded = [entry, ...shared]
  const lazy = chunks.filter((chunk) => !loaded.includes(chunk))
  expect(shared.length).toBeLessThanOrEqual(1)
  expect(entry.imports.filter((path) => !shared.some(({ fileName }) => fileName === path))).toEqual(external)
  expect(shared.flatMap(({ imports }) => imports)).toEqual([])
  return {
    loaded,
    lazy,
    part(part: string) {
      const found = lazy.filter(({ fileName }) => fileName.includes(`/${part}-`))
      expect(found, part).not.toEqual([])
      return found
    },
  }
}

it('bundles stay within their size budgets', async () => {
  expect(sizeOf((await built('client', ['socket.io-client'])).loaded)).toBeLessThanOrEqual(9.9 * KB)
  expect(sizeOf((await built('client')).loaded)).toBeLessThanOrEqual(19.85 * KB)
  // With the headless client and Lit.
  const bell = await built('bell')
  expect(sizeOf(bell.loaded)).toBeLessThanOrEqual(35 * KB)
  expect(sizeOf(bell.part('panel'))).toBeLessThanOrEqual(12.5 * KB)
  expect(sizeOf([...bell.part('announcements'), ...bell.part('card')])).toBeLessThanOrEqual(4 * KB)
  expect(sizeOf([...bell.part('toasts'), ...bell.part('swipe'), ...bell.part('avatar')])).toBeLessThanOrEqual(
    4 * KB,
  )
  expect(sizeOf([...bell.part('sound'), ...bell.part('page-badge')])).toBeLessThanOrEqual(1 * KB)
  expect(sizeOf(bell.part('preferences-page'))).toBeLessThanOrEqual(7 * KB)
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
