import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const KB = 1_024

/** The plugin of `bundle.mjs`, which plain Node runs. */
const { websocketOnly } = await import(new URL('../websocket-only.mjs', import.meta.url).href)

const bundled = async (entry: string, external: string[] = []) => {
  const result = await build({
    entryPoints: [new URL(entry, import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source'],
    external,
    plugins: [websocketOnly],
    write: false,
    metafile: true,
  })
  const [file] = result.outputFiles
  return {
    size: gzipSync(file?.contents ?? '', { level: 9 }).length,
    inputs: Object.keys(result.metafile.inputs),
  }
}

it('stays within its budgets', async () => {
  expect((await bundled('index.ts', ['socket.io-client'])).size).toBeLessThanOrEqual(7 * KB)
  expect((await bundled('index.ts')).size).toBeLessThanOrEqual(17.5 * KB)
  expect((await bundled('push/push.ts')).size).toBeLessThanOrEqual(2 * KB)
  expect((await bundled('../worker/push-worker.ts')).size).toBeLessThanOrEqual(1 * KB)
})

it.each(['index.ts', 'push/push.ts', '../worker/push-worker.ts'])(
  '%s takes nothing but types and the rules of items from the schemas',
  async (entry) => {
    const { inputs } = await bundled(entry)
    expect(inputs.filter((path) => /zod|schemas\/(?!src\/inbox\/item-rules)/.test(path))).toEqual([])
  },
)

it('can be imported where there is no page', async () => {
  expect(globalThis.window).toBeUndefined()
  const { createPush } = await import('./push/push.ts')
  createPush({ url: 'http://hub.test', token: 'x' })
  const { createClient } = await import('./index.ts')
  const client = createClient({ url: 'http://hub.test', token: 'x' })
  expect(client.feed().getSnapshot().status).toBe('loading')
})
