import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const KB = 1_024
const entry = new URL('index.ts', import.meta.url).pathname

const bundled = async (external: string[]) => {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external,
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
  expect((await bundled(['socket.io-client'])).size).toBeLessThanOrEqual(6.25 * KB)
  expect((await bundled([])).size).toBeLessThanOrEqual(19 * KB)
})

it('takes nothing but types from the schemas', async () => {
  const { inputs } = await bundled([])
  expect(inputs.filter((path) => /zod|schemas/.test(path))).toEqual([])
})

it('can be imported where there is no page', async () => {
  expect(globalThis.window).toBeUndefined()
  const { createClient } = await import('./index.ts')
  const client = createClient({ url: 'http://hub.test', token: 'x' })
  expect(client.feed().getSnapshot().status).toBe('loading')
})
