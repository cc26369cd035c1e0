import type {} from '@carillon/core/testing/provided'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Hub, startHub } from './hub.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `tabs of one browser${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let hub: Hub

    beforeAll(async () => {
      hub = await startHub(executablePath!)
    })
    afterAll(() => hub?.close())

    /** Opens a tab. `connected` tells whether it has a WebSocket. */
    const open = async (context: BrowserContext, user: string) => {
      const page = await context.newPage()
      let sockets = 0
      page.on('websocket', (socket) => {
        sockets++
        socket.on('close', () => sockets--)
      })
      await page.goto(`${hub.server.url}/?user=${user}`)
      await page.locator('#connection[data-state=live]').waitFor(WAIT)
      return { page, connected: () => sockets > 0 }
    }
    type Tab = Awaited<ReturnType<typeof open>>
    const leadersOf = (tabs: readonly Tab[]) => tabs.filter(({ connected }) => connected())
    const shows = (page: Page, unread: number) =>
      page.getByRole('button', { name: `Notifications, ${unread} unread`, exact: true }).waitFor(WAIT)
    const toasts = async (tabs: readonly Tab[], title: string) =>
      (await Promise.all(tabs.map(({ page }) => page.locator('.toast', { hasText: title }).count()))).reduce(
        (a, b) => a + b,
      )

    test('one tab is connected, every tab is up to date, and one shows the toast; another takes over at once', async () => {
      const context = await hub.browser.newContext()
      const tabs: Tab[] = []
      for (let count = 0; count < 4; count++) tabs.push(await open(context, 'linus'))
      expect(leadersOf(tabs)).toHaveLength(1)

      await hub.send('linus', { title: 'First' })
      for (const { page } of tabs) await shows(page, 1)
      // The code of the toasts is loaded for the first one.
      await expect.poll(() => toasts(tabs, 'First'), WAIT).toBe(1)

      const [leader] = leadersOf(tabs)
      await leader!.page.close()
      const others = tabs.filter((tab) => tab !== leader)
      await expect.poll(() => leadersOf(others).length, WAIT).toBe(1)
      await hub.send('linus', { title: 'Second' })
      for (const { page } of others) await shows(page, 2)
      await expect.poll(() => toasts(others, 'Second'), WAIT).toBe(1)
      await context.close()
    })

    test('tabs of two users do not share a connection', async () => {
      const context = await hub.browser.newContext()
      const [ada, grace] = [await open(context, 'ada'), await open(context, 'grace')]
      expect(leadersOf([ada, grace])).toHaveLength(2)
      await hub.send('grace', { title: 'For Grace' })
      await shows(grace.page, 1)
      await ada.page.getByRole('button', { name: 'Notifications', exact: true }).waitFor(WAIT)
      await context.close()
    })
  },
)
