import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { WebSocket } from 'undici'
import { build, type Rollup } from 'vite'
import { expect, test } from 'vitest'
import { request, startInstallation } from '../docs/installation.ts'
import { install, pack } from './install.ts'

/** React Native implements no other property. */
class PartialUrl {
  href: string
  constructor(url: string) {
    this.href = new URL(url).href
  }
}

/** The globals of React Native: no document, location, BroadcastChannel, `AbortSignal.timeout` or `AbortSignal.any`. */
const GLOBALS = {
  URL: PartialUrl,
  ...{ fetch, WebSocket, URLSearchParams, AbortController, console, queueMicrotask, atob, btoa },
  ...{ setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate },
  navigator: { product: 'ReactNative' },
}

const APP = `
  import { createClient } from '@carillon/client'
  globalThis.start = (url, token, show) => {
    const client = createClient({ url, token })
    const feed = client.feed()
    feed.subscribe(() => show(feed.getSnapshot().items.map(({ title }) => title), client.connection))
    return () => client.close()
  }`

test('the client runs in React Native, which has no DOM', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-native-'))
  const hub = await startInstallation(join(dir, 'data'))
  try {
    await install(dir, join(dir, 'tarballs'), await pack(join(dir, 'tarballs')))
    await writeFile(join(dir, 'app.js'), APP)
    const [bundle] = (await build({
      ...{ root: dir, configFile: false, logLevel: 'error' },
      resolve: { conditions: ['react-native'], mainFields: ['react-native', 'browser', 'module'] },
      build: { write: false, minify: false, lib: { entry: 'app.js', formats: ['iife'], name: 'app' } },
    })) as Rollup.RollupOutput[]

    const global: Record<string, unknown> = { ...GLOBALS }
    Object.assign(global, { window: global, self: global, global })
    runInContext(bundle!.output[0].code, createContext(global))
    const start = global.start as (
      url: string,
      token: () => Promise<string>,
      show: (titles: string[], connection: string) => void,
    ) => () => void

    const token = async () => (await request<{ token: string }>(hub, 'POST', '/v1/users/ada/token')).token
    const notify = (title: string) =>
      request(hub, 'POST', '/v1/notifications', { to: 'ada', type: 'note', title })
    let shown: [string, ...string[]] | undefined
    await notify('Before')
    const stop = start(hub.url, token, (titles, connection) => {
      shown = [connection, ...titles]
    })
    const wait = { timeout: 30_000 }
    await expect.poll(() => shown, wait).toEqual(['live', 'Before'])
    await notify('Live')
    await expect.poll(() => shown, wait).toEqual(['live', 'Live', 'Before'])
    stop()
  } finally {
    await hub.stop()
    await rm(dir, { recursive: true })
  }
})
