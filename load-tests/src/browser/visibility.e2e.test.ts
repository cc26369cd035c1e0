import type {} from '@carillon/core/testing/provided'
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startCutProxy } from '../rig/cut-proxy.ts'
import { activityOf } from './activity.ts'
import { startAppProxy } from './app-proxy.ts'
import { launchTabs } from './chromium.ts'
import { openClientPage } from './client-page.ts'
import { errorsOf, type Hub, startHub } from './hub.ts'
import { newSecret, signToken } from './sign-token.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
describe.skipIf(!executablePath)(
  `tabs that are hidden, frozen and shown again${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let hub: Hub
    let context: BrowserContext

    beforeAll(async () => {
      hub = await startHub(executablePath!, launchTabs)
      context = hub.browser.contexts()[0]!
    })
    afterAll(() => hub?.close())

    test('the user is active while one tab is visible, away while all are hidden, and active again', async () => {
      const app = await startAppProxy([hub.server.port])
      const user = 'ada'
      const token = await hub.tokenOf(user)
      const states = async (id: string) => {
        const { deliveries } = await hub.call('GET', `/v1/notifications/${id}/deliveries?user=${user}`)
        return Object.fromEntries(
          deliveries.map(({ channel, state }: Record<string, string>) => [channel, state]),
        )
      }
      const plan = [{ channel: 'email', when: 'offline' }]
      const send = (title: string) => hub.send({ user, email: 'ada@example.org' }, { title, plan })
      const activity = activityOf(context)
      const first = await openClientPage(context, app.url, { token })
      const second = await openClientPage(context, app.url, { token })
      for (const { state } of [first, second]) await expect.poll(state, WAIT).toBe('live')
      const visible = ({ page }: typeof first) => page.evaluate(() => document.visibilityState)
      expect([await visible(first), await visible(second)]).toEqual(['hidden', 'visible'])
      const seen = await send('One tab is visible')
      await expect.poll(() => states(seen), WAIT).toMatchObject({ inbox: 'delivered' })

      const other = await context.newPage()
      await other.bringToFront()
      await expect.poll(() => activity.at(-1), WAIT).toBe(false)
      const missed = await send('No tab is visible')
      await expect.poll(() => states(missed), WAIT).toEqual({ inbox: 'sent', email: 'sent' })
      await expect.poll(first.titles, WAIT).toEqual(['No tab is visible', 'One tab is visible'])

      await first.page.bringToFront()
      await expect.poll(() => states(missed), WAIT).toMatchObject({ inbox: 'delivered' })
      const again = await send('A tab is visible again')
      await expect.poll(() => states(again), WAIT).toMatchObject({ inbox: 'delivered' })
      // The e-mails are decided ten seconds after the items.
      expect(await states(seen)).toEqual({ inbox: 'delivered', email: 'skipped' })
      for (const { page } of [first, second]) await page.close()
      await other.close()
      await app.close()
    })

    test('a laptop that slept until its token expired: one refresh, the current inbox, one sound, few toasts', async () => {
      const user = 'grace'
      const secret = await newSecret(hub.server.url, hub.settings)
      const accepts = (token: string) =>
        hub.call('GET', '/v1/inbox', undefined, token).then(
          () => true,
          () => false,
        )
      await hub.send(user, { title: 'Old' })
      const proxy = await startCutProxy(hub.server.port)
      const page = await context.newPage()
      const errors = errorsOf(page)
      const session = await context.newCDPSession(page)
      await session.send('Page.setBypassCSP', { enabled: true })
      const tokens: string[] = []
      await page.exposeFunction('askToken', async () => {
        tokens.push(tokens.length === 0 ? signToken(secret, user, 8) : await hub.tokenOf(user))
        return tokens.at(-1)
      })
      // Counts the notes that are played. A sound has two.
      await page.addInitScript(() => {
        const { start } = OscillatorNode.prototype
        Object.assign(globalThis, { notes: 0 })
        OscillatorNode.prototype.start = function (...args) {
          Reflect.set(globalThis, 'notes', Reflect.get(globalThis, 'notes') + 1)
          return start.apply(this, args)
        }
      })
      await page.goto(`${proxy.url}/healthz`)
      await page.addScriptTag({ type: 'module', url: '/bell.js' })
      await page.evaluate(() => {
        const bell = document.createElement('notification-bell')
        Object.assign(bell, { url: location.origin, token: Reflect.get(globalThis, 'askToken'), sound: true })
        document.body.append(bell)
      })
      await page.mouse.click(300, 300)
      const button = (unread: number) => page.getByRole('button', { name: `Notifications, ${unread} unread` })
      await button(1).waitFor(WAIT)
      await hub.send(user, { title: 'Before' })
      await page.locator('.toast', { hasText: 'Before' }).waitFor(WAIT)
      const notes = () => page.evaluate(() => Reflect.get(globalThis, 'notes'))
      await expect.poll(notes, WAIT).toBe(2)

      const other = await context.newPage()
      await other.bringToFront()
      await session.send('Page.setWebLifecycleState', { state: 'frozen' })
      proxy.cut('reset')
      for (let count = 1; count <= 12; count++) await hub.send(user, { title: `Missed ${count}` })
      const own = await hub.tokenOf(user)
      const { items } = await hub.call('GET', '/v1/inbox', undefined, own)
      await hub.call('PATCH', `/v1/inbox/${items[0].id}`, { read: true }, own)
      await expect.poll(() => accepts(tokens[0]!), WAIT).toBe(false)

      proxy.heal()
      await session.send('Page.setWebLifecycleState', { state: 'active' })
      await page.bringToFront()
      await button(13).waitFor(WAIT)
      await page.locator('.toast.many').waitFor(WAIT)
      expect(await page.locator('.toast[data-id]').count()).toBeLessThanOrEqual(3)
      await expect.poll(notes, WAIT).toBe(4)
      expect(tokens).toHaveLength(2)
      await button(13).click()
      const titles = () => page.getByRole('article').locator('.title').allTextContents()
      const stored = await hub.call('GET', '/v1/inbox', undefined, own)
      await expect
        .poll(async () => (await titles()).map((title) => title.trim()), WAIT)
        .toEqual(stored.items.map(({ title }: { title: string }) => title))
      expect(await notes()).toBe(4)
      // Chromium reports the failed requests.
      expect(errors.filter((error) => error.startsWith('Carillon'))).toEqual([])
      await page.close()
      await other.close()
      await proxy.close()
    })
  },
)
