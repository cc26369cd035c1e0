import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { subscribedBrowser } from '../delivery/stand-ins/browser.ts'
import { type App, startApp } from './app.ts'
import { subscribingTo } from './push-service.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `web push in the bell${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
      app.answers.set('/worker.js', (response) =>
        response
          .writeHead(200, { 'content-type': 'text/javascript' })
          .end(`importScripts('${app.hub.url}/push-worker.js')`),
      )
    })
    afterAll(() => app?.close())

    const open = async (page: Page) => {
      await page.getByRole('button', { name: /^Notifications/ }).click(WAIT)
      await page.getByText('All caught up').waitFor(WAIT)
    }
    const offer = (page: Page) => page.getByRole('group', { name: 'Notify this browser' })
    const setting = (page: Page) => page.getByRole('region', { name: 'Notify this browser' })
    /** The state of web push is known once the preferences show it, so an offer would be shown by then. */
    const isNotOffered = async (page: Page) => {
      await page.getByRole('button', { name: 'Preferences' }).click()
      await setting(page).waitFor(WAIT)
      await page.keyboard.press('Escape')
      await page.getByText('All caught up').waitFor(WAIT)
      expect(await offer(page).count()).toBe(0)
    }

    test('is offered in the second visit, once; turned on, it stays on and is in the preferences', async () => {
      const service = await subscribedBrowser()
      await app.call('PUT', '/v1/providers/web-push', service.account)
      const context = await app.browser.newContext({ permissions: ['notifications'] })
      await context.addInitScript(subscribingTo, service.device)
      // Each tab is a visit.
      const visit = () => app.openBell(context, 'ada', 'push-worker="/worker.js"')
      const first = await visit()
      await open(first.page)
      await isNotOffered(first.page)

      const second = await visit()
      await open(second.page)
      await offer(second.page).waitFor(WAIT)
      await second.page.reload()
      await open(second.page)
      await offer(second.page).getByRole('button', { name: 'Turn on' }).click(WAIT)
      await offer(second.page).waitFor({ ...WAIT, state: 'detached' })
      const devices = async () =>
        ((await app.call('GET', '/v1/users/ada/devices')) as { devices: { kind: string }[] }).devices
      expect((await devices()).map(({ kind }) => kind)).toEqual(['web-push'])

      await second.page.getByRole('button', { name: 'Preferences' }).click()
      await setting(second.page).getByRole('button', { name: 'Turn off' }).click(WAIT)
      await setting(second.page).getByRole('button', { name: 'Turn on' }).waitFor(WAIT)
      await expect.poll(async () => (await devices()).length, WAIT).toBe(0)

      const third = await visit()
      await open(third.page)
      await isNotOffered(third.page)
      await third.page.getByRole('button', { name: 'Preferences' }).click()
      await setting(third.page).getByRole('button', { name: 'Turn on' }).waitFor(WAIT)
      expect([first, second, third].flatMap(({ errors }) => errors)).toEqual([])
      await context.close()
    })

    test('once turned on, the page keeps the badge of the app until it is turned off', async () => {
      const service = await subscribedBrowser()
      await app.call('PUT', '/v1/providers/web-push', service.account)
      const context = await app.browser.newContext({ permissions: ['notifications'] })
      await context.addInitScript(subscribingTo, service.device)
      await context.addInitScript(() => {
        const badges: number[] = []
        Object.assign(globalThis, { badges })
        navigator.setAppBadge = async (unread = 0) => void badges.push(unread)
      })
      const { page, errors } = await app.openBell(context, 'margaret', 'push-worker="/worker.js"')
      const badge = () => page.evaluate('badges.at(-1)')
      await app.send('margaret', { title: 'Before' })
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).click(WAIT)
      await page.getByRole('button', { name: 'Preferences' }).click()
      await setting(page).getByRole('button', { name: 'Turn on' }).click(WAIT)
      await setting(page).getByRole('button', { name: 'Turn off' }).waitFor(WAIT)
      expect(await badge()).toBeUndefined()
      await app.send('margaret', { title: 'After' })
      await expect.poll(badge, WAIT).toBe(2)
      await setting(page).getByRole('button', { name: 'Turn off' }).click(WAIT)
      await setting(page).getByRole('button', { name: 'Turn on' }).waitFor(WAIT)
      await page.evaluate('badges.length = 0')
      await app.send('margaret', { title: 'Last' })
      await page.getByRole('button', { name: /3 unread/ }).waitFor(WAIT)
      // Longer than the pause in which changes are collected.
      await page.waitForTimeout(2_000)
      expect(await badge()).toBeUndefined()
      expect(errors).toEqual([])
      await context.close()
    })

    test('is not offered again after Not now, and says when the browser blocks it', async () => {
      const context = await app.browser.newContext()
      await context.addInitScript(() => {
        localStorage.setItem('carillon-bell-visits', '1')
        let permission = 'default'
        Object.defineProperty(Notification, 'permission', { get: () => permission })
        Notification.requestPermission = async () => {
          permission = 'denied'
          return 'denied'
        }
      })
      const { page, errors } = await app.openBell(context, 'grace', 'push-worker="/worker.js"')
      await open(page)
      await offer(page).getByRole('button', { name: 'Turn on' }).click(WAIT)
      await offer(page).getByText('Blocked in this browser').waitFor(WAIT)
      await offer(page).getByRole('button', { name: 'Not now' }).click()
      await offer(page).waitFor({ ...WAIT, state: 'detached' })
      await page.reload()
      await open(page)
      await isNotOffered(page)
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
