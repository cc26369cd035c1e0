import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { clusterEnvironment } from '../delivery/cluster.ts'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { needing } from '../rig/needs.ts'
import { launchChromium } from './chromium.ts'
import { openClientPage } from './client-page.ts'
import { startAppProxy, startTcpProxy } from './proxies.ts'

const executablePath = inject('chromium')
const cassandra = inject('cassandra')
const WAIT = { timeout: 30_000 }
const HOUR_MS = 3_600_000

const caller =
  (url: string, apiKey: string) =>
  async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true)
    return (await response.json()) as T
  }

describe.skipIf(!executablePath)(
  `a page behind ordinary networks${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let dir: string
    let server: Server
    let app: Awaited<ReturnType<typeof startAppProxy>>
    let browser: Browser
    let call: ReturnType<typeof caller>

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'carillon-networks-'))
      server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir })
      app = await startAppProxy([server.port])
      browser = await launchChromium(executablePath!)
      call = caller(server.url, (await (await fetch(`${server.url}/demo/config.json`)).json()).apiKey)
    })
    /** With a WebSocket, no request polls. */
    const connected = async (tab: { state(): Promise<string> }) => {
      await expect.poll(tab.state, WAIT).toBe('live')
      expect(app.polled()).toEqual([])
    }
    afterAll(async () => {
      await browser?.close()
      await app?.close()
      await server?.stop()
      await rm(dir, { recursive: true })
    })
    const tokenOf = async (user: string) =>
      (await call<{ token: string }>('POST', `/v1/users/${user}/token`)).token
    const send = async (to: unknown, title: string, more: object = {}) =>
      (await call<{ id: string }>('POST', '/v1/notifications', { to, type: 'greeting', title, ...more })).id

    test('an idle page shows the item and the fallback is sent; when the user is back, it is delivered', async () => {
      const context = await browser.newContext()
      const user = 'idle-ida'
      const tab = await openClientPage(context, app.url, {
        token: await tokenOf(user),
        timing: { idle: 1_500 },
      })
      await connected(tab)
      const states = async (id: string) => {
        const { deliveries } = await call<{ deliveries: { channel: string; state: string }[] }>(
          'GET',
          `/v1/notifications/${id}/deliveries?user=${user}`,
        )
        return Object.fromEntries(deliveries.map(({ channel, state }) => [channel, state]))
      }
      const to = { user, email: 'ida@example.org' }
      const plan = [{ channel: 'email', when: 'undelivered', after: 1 }]
      await tab.page.mouse.move(10, 10)
      const seen = await send(to, 'Somebody is there', { plan })
      await expect.poll(() => states(seen), WAIT).toEqual({ inbox: 'delivered', email: 'skipped' })

      // Longer than the time that makes an app idle.
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      const missed = await send(to, 'Nobody is there', { plan })
      await expect.poll(tab.titles, WAIT).toContain('Nobody is there')
      await expect.poll(() => states(missed), WAIT).toEqual({ inbox: 'sent', email: 'sent' })

      await tab.page.mouse.move(20, 20)
      await expect.poll(() => states(missed), WAIT).toMatchObject({ inbox: 'delivered' })
      await context.close()
    })

    test('locale and time zone are reported once', async () => {
      const context = await browser.newContext({ locale: 'pt-BR', timezoneId: 'America/Sao_Paulo' })
      const token = await tokenOf('bia')
      let reports = 0
      context.on('request', (request) => {
        if (request.url().endsWith('/v1/me') && request.method() === 'PATCH') reports++
      })
      const me = async () =>
        (await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })).json()
      const quiet = await openClientPage(context, app.url, { token, report: false })
      await connected(quiet)
      await quiet.page.close()
      expect(await me()).toEqual({})
      for (let count = 0; count < 2; count++) {
        const tab = await openClientPage(context, app.url, { token })
        await connected(tab)
        await expect.poll(me, WAIT).toEqual({ locale: 'pt-BR', timezone: 'America/Sao_Paulo' })
        await tab.page.close()
      }
      expect(reports).toBe(1)
      await context.close()
    })

    test.each([HOUR_MS, -HOUR_MS])(
      'items expire by the clock of the hub if the device is %i ms ahead',
      async (ahead) => {
        const context = await browser.newContext()
        const user = `clock-${ahead}`
        const tab = await openClientPage(context, app.url, { token: await tokenOf(user) }, ahead)
        await connected(tab)
        // Known from the first response.
        await expect.poll(async () => Math.abs((await tab.ahead()) + ahead), WAIT).toBeLessThan(5_000)
        await send(user, 'stays')
        const expiresAt = Date.now() + 5_000
        await send(user, 'expires', { expiresAt: new Date(expiresAt).toISOString() })
        await expect.poll(tab.titles, WAIT).toEqual(['expires', 'stays'])
        expect(await tab.unread()).toBe(2)
        await expect.poll(tab.titles, WAIT).toEqual(['stays'])
        expect(Date.now()).toBeGreaterThan(expiresAt - 2_000)
        await expect.poll(tab.unread, WAIT).toBe(1)
        await context.close()
      },
    )

    test('a network that goes silent is noticed, and what came meanwhile is shown', async () => {
      const proxy = await startTcpProxy(app.port)
      const context = await browser.newContext()
      const tab = await openClientPage(context, proxy.url, { token: await tokenOf('silent-sam') })
      await connected(tab)
      await send('silent-sam', 'before')
      await expect.poll(tab.titles, WAIT).toEqual(['before'])
      proxy.silence()
      await send('silent-sam', 'meanwhile')
      await expect.poll(tab.titles, { timeout: 100_000 }).toEqual(['meanwhile', 'before'])
      await expect.poll(tab.state, WAIT).toBe('live')
      await send('silent-sam', 'after')
      await expect.poll(tab.notified, WAIT).toEqual(['before', 'meanwhile', 'after'])
      await context.close()
      await proxy.close()
    })
  },
)

const { title, skip } = needing('a page behind a proxy without WebSockets, and two hubs', 'nats', 'redis')
describe.skipIf(skip || !executablePath || !cassandra)(title, () => {
  test('items arrive within a poll, whichever hub answers it, in every tab', async () => {
    const environment = await clusterEnvironment(cassandra ?? '')
    const tenant = await environment.tenant()
    const proxy = await startAppProxy(
      environment.hubs.map(({ port }) => port),
      { strict: true },
    )
    const browser = await launchChromium(executablePath!)
    try {
      const call = caller(environment.hubs[0]!.url, tenant.apiKey)
      await call('PUT', '/v1/types/greeting', {})
      const context = await browser.newContext()
      const token = await tenant.token('ada')
      const timing = { fallback: 1_000 }
      const tabs = [
        await openClientPage(context, proxy.url, { token, timing }),
        await openClientPage(context, proxy.url, { token, timing }),
      ]
      for (const { state } of tabs) await expect.poll(state, WAIT).toBe('live')
      await expect.poll(proxy.refused, WAIT).toBeGreaterThan(0)
      const titles: string[] = []
      for (let count = 0; count < 6; count++) {
        titles.unshift(`item ${count}`)
        const began = Date.now()
        await call('POST', '/v1/notifications', { to: 'ada', type: 'greeting', title: titles[0] })
        for (const tab of tabs) await expect.poll(tab.titles, WAIT).toEqual(titles)
        // At once, and not when the poll ends.
        expect(Date.now() - began).toBeLessThan(20_000)
      }
      expect(proxy.polled().toSorted()).toEqual(environment.hubs.map(({ port }) => port).toSorted())
      const notified = (await Promise.all(tabs.map((tab) => tab.notified()))).flat()
      expect(notified.toSorted()).toEqual(titles.toSorted())
      const headers = { authorization: `Bearer ${token}` }
      const received = async () => {
        const response = await fetch(`${environment.hubs[1]!.url}/v1/inbox`, { headers })
        const { items } = (await response.json()) as { items: { receivedAt: string | null }[] }
        return items.filter(({ receivedAt }) => receivedAt !== null).length
      }
      await expect.poll(received, WAIT).toBe(titles.length)
    } finally {
      await browser.close()
      await proxy.close()
      await environment.close()
    }
  })
})
