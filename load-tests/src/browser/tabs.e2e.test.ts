import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { launchChromium } from './chromium.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `tabs of one browser${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let dir: string
    let server: Server
    let browser: Browser
    let apiKey: string

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'carillon-tabs-'))
      server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir })
      browser = await launchChromium(executablePath!)
      apiKey = (await (await fetch(`${server.url}/demo/config.json`)).json()).apiKey
    })
    afterAll(async () => {
      await browser?.close()
      await server?.stop()
      await rm(dir, { recursive: true })
    })

    /** Opens a tab. `connected` tells whether it has a WebSocket. */
    const open = async (context: BrowserContext, user: string) => {
      const page = await context.newPage()
      let sockets = 0
      page.on('websocket', (socket) => {
        sockets++
        socket.on('close', () => sockets--)
      })
      await page.goto(`${server.url}/?user=${user}`)
      await page.locator('#connection[data-state=live]').waitFor(WAIT)
      return { page, connected: () => sockets > 0 }
    }
    type Tab = Awaited<ReturnType<typeof open>>
    const leadersOf = (tabs: readonly Tab[]) => tabs.filter(({ connected }) => connected())
    const send = async (to: string, title: string) => {
      const reply = await fetch(`${server.url}/v1/notifications`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ to, type: 'greeting', title }),
      })
      expect(reply.status).toBe(202)
    }
    const shows = (page: Page, unread: number) =>
      page.getByRole('button', { name: `Notifications, ${unread} unread`, exact: true }).waitFor(WAIT)
    const toasts = async (tabs: readonly Tab[], title: string) =>
      (await Promise.all(tabs.map(({ page }) => page.locator('.toast', { hasText: title }).count()))).reduce(
        (a, b) => a + b,
      )

    test('one tab is connected, every tab is up to date, and one shows the toast; another takes over at once', async () => {
      const context = await browser.newContext()
      const tabs: Tab[] = []
      for (let count = 0; count < 4; count++) tabs.push(await open(context, 'linus'))
      expect(leadersOf(tabs)).toHaveLength(1)

      await send('linus', 'First')
      for (const { page } of tabs) await shows(page, 1)
      // The code of the toasts is loaded for the first one.
      await expect.poll(() => toasts(tabs, 'First'), WAIT).toBe(1)

      const [leader] = leadersOf(tabs)
      await leader!.page.close()
      const others = tabs.filter((tab) => tab !== leader)
      await expect.poll(() => leadersOf(others).length, WAIT).toBe(1)
      await send('linus', 'Second')
      for (const { page } of others) await shows(page, 2)
      await expect.poll(() => toasts(others, 'Second'), WAIT).toBe(1)
      await context.close()
    })

    test('tabs of two users do not share a connection', async () => {
      const context = await browser.newContext()
      const [ada, grace] = [await open(context, 'ada'), await open(context, 'grace')]
      expect(leadersOf([ada, grace])).toHaveLength(2)
      await send('grace', 'For Grace')
      await shows(grace.page, 1)
      await ada.page.getByRole('button', { name: 'Notifications', exact: true }).waitFor(WAIT)
      await context.close()
    })
  },
)
