import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@carillon/client'
import type {} from '@carillon/core/testing/provided'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { runCarillon, startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { type PrefixProxy, startPrefixProxy } from './prefix-proxy.ts'

const WAIT = { timeout: 30_000 }
const executablePath = inject('chromium')

describe('behind a path prefix', () => {
  let dir: string
  let proxy: PrefixProxy
  let server: Server
  let client: Client | undefined

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'carillon-prefix-'))
    proxy = await startPrefixProxy('/notify')
    server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir, CARILLON_PUBLIC_URL: proxy.url })
    proxy.forwardTo(server.port)
  })
  afterAll(async () => {
    client?.close()
    await server?.stop()
    await proxy?.close()
    await rm(dir, { recursive: true })
  })

  const get = async <T>(path: string): Promise<T> => (await fetch(`${proxy.url}${path}`)).json() as Promise<T>
  const run = (...args: string[]) => runCarillon(args, { CARILLON_DATA_DIR: dir })

  test('the client SDK and carillon send accept a URL with a path', async () => {
    const token = (await run('token', '--tenant', 'demo', '--user', 'ada')).stdout.trim()
    client = createClient({ url: proxy.url, token })
    const feed = client.feed()
    feed.subscribe(() => {})
    await vi.waitUntil(() => client?.connection === 'live' && feed.getSnapshot().status === 'ready', WAIT)
    const live = new Promise<string | undefined>((resolve) =>
      client?.on('notification', ({ title }) => resolve(title)),
    )
    await run('send', '--url', `${proxy.url}/`, '--to', 'ada', '--title', 'Below a path')
    expect(await live).toBe('Below a path')
    expect(proxy.strays).toEqual([])
  })

  test('the API document and external messages contain the public URL', async () => {
    expect(await get<object>('/openapi.json')).toMatchObject({ servers: [{ url: proxy.url }] })
    expect(await get<object>('/demo/config.json')).toMatchObject({ url: proxy.url })
    const { apiKey } = JSON.parse(readFileSync(join(dir, 'dev.json'), 'utf8')) as { apiKey: string }
    const sent = await fetch(`${proxy.url}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        to: { user: 'bob', email: 'bob@example.com' },
        type: 'note',
        title: 'By mail',
        plan: [{ channel: 'email', when: 'always' }],
      }),
    })
    expect(sent.status).toBe(202)
    type Captured = { captured: { channel: string; text: string }[] }
    const mail = await vi.waitUntil(
      async () =>
        (await get<Captured>('/demo/captured.json')).captured.find(({ channel }) => channel === 'email'),
      WAIT,
    )
    const link = /\S+\/v1\/unsubscribe\/\S+/.exec(mail.text)?.[0] ?? expect.fail(mail.text)
    expect(link.startsWith(`${proxy.url}/v1/unsubscribe/`)).toBe(true)
    const page = await fetch(link)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<form method="post">')])
    expect(proxy.strays).toEqual([])
  })

  test.skipIf(!executablePath)(
    `the demo page works in Chromium and requests nothing outside the path${executablePath ? '' : ' (not installed)'}`,
    async () => {
      const browser = await chromium.launch({
        ...(executablePath && { executablePath }),
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      })
      try {
        const page = await browser.newPage()
        const failed: string[] = []
        page.on('pageerror', (error) => failed.push(String(error)))
        page.on('response', (response) => {
          if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`)
        })
        await page.goto(`${proxy.url}/?user=grace`)
        await page.locator('#connection[data-state=live]').waitFor(WAIT)
        await page.getByLabel('User id', { exact: true }).fill('grace')
        await page.getByLabel('Title').fill('From the page')
        await page.getByRole('button', { name: 'Send', exact: true }).click()
        await page.getByRole('button', { name: 'Notifications, 1 unread', exact: true }).waitFor(WAIT)
        for (const name of ['HTTP API', 'Notification schema', 'Readiness', 'Metrics']) {
          const href = await page
            .getByRole('link', { name })
            .evaluate((link) => (link as { href?: string }).href)
          expect([name, href?.startsWith(`${proxy.url}/`), (await fetch(href ?? '')).status]).toEqual([
            name,
            true,
            200,
          ])
        }
        expect(await page.locator('#snippet-code').textContent()).toContain(`${proxy.url}/v1/notifications`)
        expect(failed).toEqual([])
        expect(proxy.strays).toEqual([])
      } finally {
        await browser.close()
      }
    },
  )
})
