import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const KB = 1_024

/** The plugin of `bundle.mjs`, which Node runs without a build. */
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

it('bundles stay within their size budgets', async () => {
  expect((await bundled('index.ts', ['socket.io-client'])).size).toBeLessThanOrEqual(8.6 * KB)
  expect((await bundled('index.ts')).size).toBeLessThanOrEqual(19.3 * KB)
  // With the headless client and Lit.
  expect((await bundled('bell/define.ts')).size).toBeLessThanOrEqual(42 * KB)
  expect((await bundled('push/push.ts')).size).toBeLessThanOrEqual(2 * KB)
  expect((await bundled('../worker/push-worker.ts')).size).toBeLessThanOrEqual(1 * KB)
})

it.each(['index.ts', 'push/push.ts', '../worker/push-worker.ts'])(
  '%s bundles only types and item rules from the schemas',
  async (entry) => {
    const { inputs } = await bundled(entry)
    expect(inputs.filter((path) => /zod|schemas\/(?!src\/inbox\/item-rules)/.test(path))).toEqual([])
  },
)

it('can be imported outside a browser', async () => {
  expect(globalThis.window).toBeUndefined()
  const { createPush } = await import('./push/push.ts')
  createPush({ url: 'http://hub.test', token: 'x' })
  const { createClient } = await import('./index.ts')
  await import('./bell/element.ts')
  const client = createClient({ url: 'http://hub.test', token: 'x' })
  expect(client.feed().getSnapshot().status).toBe('loading')
})
