import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `the files of a closed bell${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    /** Opens a page with the bell of a user. Returns it and the names of the scripts that it has loaded, without hashes. */
    const openBell = async (user: string) => {
      const context = await app.browser.newContext()
      // The first page of a browser reports the locale and the time zone.
      const first = await app.openBell(context, user)
      await first.page.waitForResponse((response) => response.url().endsWith('/v1/me'), WAIT)
      await first.page.close()
      const scripts: string[] = []
      context.on('request', (request) => {
        const { pathname } = new URL(request.url())
        if (request.resourceType() === 'script') scripts.push(pathname.replace(/-[\w-]{8}\.js$/, ''))
      })
      const { page, isLive } = await app.openBell(context, user)
      await isLive()
      return { page, scripts }
    }

    test('are one file if there are no unread items', async () => {
      const { page, scripts } = await openBell('ada')
      await page.getByRole('button', { name: 'Notifications' }).waitFor(WAIT)
      expect(scripts).toEqual(['/bell.js'])
      await page.context().close()
    })

    test('include the actions if there are unread items', async () => {
      await app.send('grace', { title: 'Unread' })
      const { page, scripts } = await openBell('grace')
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      await expect.poll(() => scripts, WAIT).toEqual(['/bell.js', '/chunks/sending'])
      await page.context().close()
    })
  },
)
