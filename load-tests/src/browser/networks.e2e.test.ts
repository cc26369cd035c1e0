import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, type ExpectStatic, inject, test } from 'vitest'
import { clusterEnvironment } from '../delivery/cluster.ts'
import { startCutProxy } from '../rig/cut-proxy.ts'
import { needing } from '../rig/needs.ts'
import { activityOf } from './activity.ts'
import { startAppProxy } from './app-proxy.ts'
import { launchChromium } from './chromium.ts'
import { openClientPage } from './client-page.ts'
import { caller, type Hub, startHub } from './hub.ts'

const executablePath = inject('chromium')
const cassandra = inject('cassandra')
const WAIT = { timeout: 30_000 }
const HOUR_MS = 3_600_000

describe.skipIf(!executablePath)(
  `a page behind ordinary networks${executablePath ? '' : ' (Chromium is not installed)'}`,
  { concurrent: true },
  () => {
    let hub: Hub
    let app: Awaited<ReturnType<typeof startAppProxy>>

    beforeAll(async () => {
      hub = await startHub(executablePath!)
      app = await startAppProxy([hub.server.port])
    })
    afterAll(async () => {
      // The browser closes its WebSockets first.
      await hub?.close()
      await app?.close()
    })
    /** With a WebSocket, no request polls. */
    const connected = async (expect: ExpectStatic, tab: { state(): Promise<string> }) => {
      await expect.poll(tab.state, WAIT).toBe('live')
      expect(app.polled()).toEqual([])
    }

    test('a silent connection is detected, and the items that it missed are shown', async ({ expect }) => {
      const proxy = await startCutProxy(app.port)
      const context = await hub.browser.newContext()
      const tab = await openClientPage(context, proxy.url, { token: await hub.tokenOf('silent-sam') })
      await connected(expect, tab)
      await hub.send('silent-sam', { title: 'before' })
      await expect.poll(tab.titles, WAIT).toEqual(['before'])
      proxy.strand()
      await hub.send('silent-sam', { title: 'meanwhile' })
      await expect.poll(tab.titles, { timeout: 100_000 }).toEqual(['meanwhile', 'before'])
      await expect.poll(tab.state, WAIT).toBe('live')
      await hub.send('silent-sam', { title: 'after' })
      await expect.poll(tab.notified, WAIT).toEqual(['before', 'meanwhile', 'after'])
      await context.close()
      await proxy.close()
    })

    test('an idle page shows the item and the fallback is sent; when the user is back, it is delivered', async ({
      expect,
    }) => {
      const context = await hub.browser.newContext()
      const user = 'idle-ida'
      const activity = activityOf(context)
      const tab = await openClientPage(context, app.url, {
        token: await hub.tokenOf(user),
        timing: { idle: 1_500 },
      })
      await connected(expect, tab)
      const states = async (id: string) => {
        const { deliveries } = await hub.call<{ deliveries: { channel: string; state: string }[] }>(
          'GET',
          `/v1/notifications/${id}/deliveries?user=${user}`,
        )
        return Object.fromEntries(deliveries.map(({ channel, state }) => [channel, state]))
      }
      const to = { user, email: 'ida@example.org' }
      const plan = [{ channel: 'email', when: 'undelivered', after: 4 }]
      const seen = await hub.send(to, { title: 'Somebody is there', plan })
      let moves = 0
      const statesAfterInput = async () => {
        await tab.page.mouse.move(10, 10 + moves++)
        return states(seen)
      }
      await expect.poll(statesAfterInput, WAIT).toEqual({ inbox: 'delivered', email: 'skipped' })

      await expect.poll(() => activity.at(-1), WAIT).toBe(false)
      const missed = await hub.send(to, { title: 'Nobody is there', plan })
      await expect.poll(tab.titles, WAIT).toContain('Nobody is there')
      await expect.poll(() => states(missed), WAIT).toEqual({ inbox: 'sent', email: 'sent' })

      await tab.page.mouse.move(20, 20)
      await expect.poll(() => states(missed), WAIT).toMatchObject({ inbox: 'delivered' })
      await context.close()
    })

    test('locale and time zone are reported once', async ({ expect }) => {
      const context = await hub.browser.newContext({ locale: 'pt-BR', timezoneId: 'America/Sao_Paulo' })
      const token = await hub.tokenOf('bia')
      let reports = 0
      context.on('request', (request) => {
        if (request.url().endsWith('/v1/me') && request.method() === 'PATCH') reports++
      })
      const me = () => hub.call('GET', '/v1/me', undefined, token)
      const quiet = await openClientPage(context, app.url, { token, report: false })
      await connected(expect, quiet)
      await quiet.page.close()
      expect(await me()).toEqual({})
      for (let count = 0; count < 2; count++) {
        const tab = await openClientPage(context, app.url, { token })
        await connected(expect, tab)
        await expect.poll(me, WAIT).toEqual({ locale: 'pt-BR', timezone: 'America/Sao_Paulo' })
        // The page records the report only when the response has arrived.
        const recorded = () => Object.keys(localStorage).some((key) => key.endsWith('-me'))
        await expect.poll(() => tab.page.evaluate(recorded), WAIT).toBe(true)
        await tab.page.close()
      }
      expect(reports).toBe(1)
      await context.close()
    })

    test.for([HOUR_MS, -HOUR_MS])(
      'items expire by the clock of the hub if the device is %i ms ahead',
      async (ahead, { expect }) => {
        const context = await hub.browser.newContext()
        const user = `clock-${ahead}`
        const tab = await openClientPage(context, app.url, { token: await hub.tokenOf(user) }, ahead)
        await connected(expect, tab)
        // Known from the first response.
        await expect.poll(async () => Math.abs((await tab.ahead()) + ahead), WAIT).toBeLessThan(5_000)
        await hub.send(user, { title: 'stays' })
        const expiresAt = Date.now() + 10_000
        await hub.send(user, { title: 'expires', expiresAt: new Date(expiresAt).toISOString() })
        await expect.poll(tab.titles, WAIT).toEqual(['expires', 'stays'])
        await expect.poll(tab.unread, WAIT).toBe(2)
        await expect.poll(tab.titles, WAIT).toEqual(['stays'])
        expect(Date.now()).toBeGreaterThan(expiresAt - 2_000)
        await expect.poll(tab.unread, WAIT).toBe(1)
        await context.close()
      },
    )
  },
)

const { title, skip } = needing('a page behind a proxy without WebSockets, and two hubs', 'nats', 'redis')
describe.skipIf(skip || !executablePath || !cassandra)(title, { concurrent: true }, () => {
  test('items arrive during a poll in every tab, whichever hub serves it', async ({ expect }) => {
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
      let moved = 0
      context.on('response', async (response) => {
        if (!response.url().includes('/v1/live?')) return
        // An aborted response has no body.
        const answer = await response.json().catch(() => undefined)
        if (answer?.moved) moved++
      })
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
        await call('POST', '/v1/notifications', { to: 'ada', type: 'greeting', title: titles[0] })
        for (const tab of tabs) await expect.poll(tab.titles, WAIT).toEqual(titles)
      }
      // A poll that ends without a change returns `moved: false`.
      await expect.poll(() => moved, WAIT).toBeGreaterThanOrEqual(titles.length)
      expect(proxy.polled().toSorted()).toEqual(environment.hubs.map(({ port }) => port).toSorted())
      const notified = (await Promise.all(tabs.map((tab) => tab.notified()))).flat()
      expect(notified.toSorted()).toEqual(titles.toSorted())
      const inbox = caller(environment.hubs[1]!.url, token)
      const received = async () => {
        const { items } = await inbox<{ items: { receivedAt: string | null }[] }>('GET', '/v1/inbox')
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
