import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `a bell that cannot show the inbox${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    const html = (text: string) => app.answers.set('/token', (response) => response.end(text))
    const SIGN_IN = 'Sign in again to see notifications'
    const ERROR = 'Notifications can’t be loaded'
    /** The problem, the attributes, the text in the panel, and the message in the console. */
    const cases: [string, () => string, string, RegExp][] = [
      ['no token', () => `url="${app.hub.url}"`, ERROR, /needs `url`.*`token-url`/],
      ['no URL', () => 'token="x"', ERROR, /needs `url`/],
      [
        'an invalid token',
        () => `url="${app.hub.url}" token="x"`,
        SIGN_IN,
        /\(unauthenticated\)\. Pass a valid token/,
      ],
      [
        'an endpoint that answers HTML',
        () => {
          html('<html>Please log in</html>')
          return `url="${app.hub.url}" token-url="/token"`
        },
        SIGN_IN,
        /must return JSON with a token.*\(unauthenticated\)/,
      ],
      [
        'an endpoint that answers 500',
        () => {
          app.answers.set('/token', (response) => response.writeHead(500).end())
          return `url="${app.hub.url}" token-url="/token"`
        },
        ERROR,
        /\/token: HTTP 500 \(unavailable\)/,
      ],
      ['another web site', () => `url="${app.url}" token="x"`, ERROR, /\(not_carillon\)\. Check the `url`/],
      [
        'no server',
        () => 'url="http://127.0.0.1:1" token="x"',
        ERROR,
        /\(network\)\. http:\/\/127\.0\.0\.1:1\/ cannot be reached/,
      ],
    ]

    const panel = (page: Page) => page.getByRole('dialog')
    test.each(cases)('%s is shown in the panel, and logged once', async (name, attributes, line, message) => {
      const context = await app.browser.newContext()
      const path = `/${encodeURIComponent(name)}`
      app.pages.set(path, `<header><notification-bell ${attributes()}></notification-bell></header>`)
      const { page, errors } = await app.open(context, path)
      await page.getByRole('button', { name: 'Notifications' }).click(WAIT)
      await panel(page).getByText(line).waitFor(WAIT)
      const told = () => errors.filter((error) => message.test(error))
      await expect.poll(() => told().length, WAIT).toBe(1)
      const own = errors.filter((error) => /^Carillon|^<notification-bell>/.test(error))
      expect(own).toEqual(told())
      await context.close()
    })

    test('a token that expires while items are shown: the list stays, and asks for a sign-in', async () => {
      await app.send('ada', { title: 'Still here' })
      const context = await app.browser.newContext()
      let isBlocked = false
      await context.routeWebSocket(/socket\.io/, (socket) =>
        isBlocked ? socket.close() : void socket.connectToServer(),
      )
      const { page } = await app.openBell(context, 'ada')
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).click(WAIT)
      await panel(page).getByRole('article', { name: 'Still here' }).waitFor(WAIT)
      app.answers.set('/token/ada', (response) => response.writeHead(401).end())
      const refused = {
        status: 401,
        contentType: 'application/problem+json',
        body: '{"code":"token_expired"}',
      }
      isBlocked = true
      await page.route(/\/v1\//, (route) => route.fulfill(refused))
      await app.hub.restart()
      await panel(page).getByText(SIGN_IN).waitFor(WAIT)
      await panel(page).getByRole('article', { name: 'Still here' }).waitFor(WAIT)
      await context.close()
      app.answers.delete('/token/ada')
    })

    test('an item that expires while it is shown disappears and is no longer counted', async () => {
      const context = await app.browser.newContext()
      const { page, errors, isLive } = await app.openBell(context, 'grace')
      await isLive()
      await app.send('grace', { title: 'Stays' })
      await app.send('grace', { title: 'Short', expiresAt: new Date(Date.now() + 6_000).toISOString() })
      await page.getByRole('button', { name: 'Notifications, 2 unread' }).click(WAIT)
      const short = panel(page).getByRole('article', { name: 'Short' })
      await short.waitFor(WAIT)
      await short.waitFor({ ...WAIT, state: 'detached' })
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
