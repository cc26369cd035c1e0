import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, type ExpectStatic, inject, test } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import { type App, startApp } from './app.ts'
import { newSecret, signToken } from './sign-token.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `a bell that cannot show the inbox${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    let secret: string
    beforeAll(async () => {
      app = await startApp(executablePath!)
      secret = await newSecret(app.hub.url, app.settings)
      app.answers.set('/html', (response) => response.end('<html>Please log in</html>'))
      app.answers.set('/fails', (response) => response.writeHead(500).end())
      app.answers.set('/silent', () => {})
    })
    afterAll(() => app?.close())

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
        'an expired token',
        () => `url="${app.hub.url}" token="${signToken(secret, 'ada', -60)}"`,
        SIGN_IN,
        /\(token_expired\)\. Pass a valid token/,
      ],
      [
        'a token of another tenant',
        () => `url="${app.hub.url}" token="${signToken(secret, 'ada', 60, 'another')}"`,
        SIGN_IN,
        /\((unauthenticated|tenant_unknown|forbidden)\)\. Pass a valid token/,
      ],
      [
        'an endpoint that answers HTML',
        () => `url="${app.hub.url}" token-url="/html"`,
        SIGN_IN,
        /must return \{"token": "…"\} \(unauthenticated\)/,
      ],
      [
        'an endpoint that answers 500',
        () => `url="${app.hub.url}" token-url="/fails"`,
        ERROR,
        /\/fails answered 500 \(unavailable\)/,
      ],
      [
        'an endpoint that does not exist',
        () => `url="${app.hub.url}" token-url="/nope"`,
        ERROR,
        /\/nope answered 404 \(token_url\)\. Check `token-url`\. It must return \{"token": "…"\}/,
      ],
      [
        'a URL without http',
        () => 'url="localhost:4472" token="x"',
        ERROR,
        /needs `url`, an http\(s\) URL such/,
      ],
      [
        'an API key in place of a token',
        () => `url="${app.hub.url}" token="${app.apiKey}"`,
        SIGN_IN,
        /API key.*\((unauthenticated|forbidden)\)\. Pass a valid token/,
      ],
      ['another web site', () => `url="${app.url}" token="x"`, ERROR, /\(not_carillon\)\. Check the `url`/],
      [
        'a web site of another origin',
        () => `url="${app.url.replace('127.0.0.1', 'localhost')}" token="x"`,
        ERROR,
        /\(network\)\. http:\/\/localhost:\d+\/ can be reached, but no hub responds\. Check the `url`/,
      ],
      [
        'no server',
        () => 'url="http://127.0.0.1:1" token="x"',
        ERROR,
        /\(network\)\. http:\/\/127\.0\.0\.1:1\/ cannot be reached/,
      ],
    ]

    const panel = (page: Page) => page.getByRole('dialog')
    /** Opens a bell, and expects this line in the panel and this message, once, in the console. */
    const expectProblem = async (
      expect: ExpectStatic,
      attributes: string,
      expected: { line: string; message: RegExp | string },
      prepare?: (context: BrowserContext) => Promise<unknown>,
    ) => {
      // The CSP of the app allows only its own hub.
      const context = await app.browser.newContext({ bypassCSP: true })
      await prepare?.(context)
      const path = `/${encodeURIComponent(String(expected.message))}`
      app.pages.set(path, `<header><notification-bell ${attributes}></notification-bell></header>`)
      const { page, errors } = await app.open(context, path)
      await page.getByRole('button', { name: 'Notifications' }).click(WAIT)
      await panel(page).getByText(expected.line).waitFor(WAIT)
      const { message } = expected
      const isExpected = (error: string) =>
        typeof message === 'string' ? error.includes(message) : message.test(error)
      const logged = () => errors.filter(isExpected)
      await expect.poll(() => logged().length, WAIT).toBe(1)
      const own = errors.filter((error) => /^Carillon|^<notification-bell>/.test(error))
      expect(own).toEqual(logged())
      await context.close()
    }
    test.concurrent.for(cases)(
      '%s is shown in the panel, and logged once',
      ([, attributes, line, message], { expect }) => expectProblem(expect, attributes(), { line, message }),
    )

    test.concurrent('an endpoint that does not answer is shown in the panel once the request times out', async ({
      expect,
    }) => {
      const context = await app.browser.newContext()
      await context.clock.install()
      app.pages.set(
        '/waits',
        `<notification-bell url="${app.hub.url}" token-url="/silent"></notification-bell>`,
      )
      const { page, errors } = await app.open(context, '/waits')
      await page.getByRole('button', { name: 'Notifications' }).click(WAIT)
      const isShown = async () => {
        await context.clock.fastForward(5_000)
        return panel(page).getByText(ERROR).isVisible()
      }
      await expect.poll(isShown, WAIT).toBe(true)
      await expect.poll(() => errors, WAIT).toEqual(['Carillon: /silent does not respond (unavailable).'])
      await context.close()
    })

    test.concurrent('the event `error` reaches the element, and no handler of the page for script errors', async ({
      expect,
    }) => {
      const context = await app.browser.newContext()
      app.pages.set(
        '/handlers',
        `<main><notification-bell id="bell" url="${app.hub.url}" token="x"></notification-bell></main>
         <script type="module" src="/handlers.js"></script>`,
      )
      app.answers.set('/handlers.js', (response) =>
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(`
          window.heard = []
          for (const place of [window, document, bell])
            for (const name of ['error', 'counts'])
              place.addEventListener(name, ({ detail }) => heard.push([place === bell ? 'bell' : 'page', name, detail?.code]))`),
      )
      const { page } = await app.open(context, '/handlers')
      const heard = (): Promise<unknown[][]> => page.evaluate('heard')
      await expect.poll(heard, WAIT).toContainEqual(['bell', 'error', 'unauthenticated'])
      expect((await heard()).filter(([place, name]) => place === 'page' && name === 'error')).toEqual([])
      await context.close()
    })

    test.concurrent('a hub that does not allow the origin of the page is reported with the missing setting', async ({
      expect,
    }) => {
      const dir = await mkdtemp(join(tmpdir(), 'carillon-origins-'))
      const settings = { CARILLON_DATA_DIR: dir, CARILLON_ORIGINS: 'https://other.example' }
      const hub = await startCarillon(['dev'], settings)
      const message = `${hub.url}/ does not allow this page (CORS). Add ${app.url} to CARILLON_ORIGINS`
      try {
        await expectProblem(expect, `url="${hub.url}" token="x"`, { line: ERROR, message })
      } finally {
        await hub.stop()
        await rm(dir, { recursive: true })
      }
    })

    test.concurrent('a hub that does not know a request of the client has another version', ({ expect }) =>
      expectProblem(
        expect,
        `url="${app.hub.url}" token-url="/token/joan"`,
        {
          line: ERROR,
          message: /\(version_mismatch\)\. The hub has another version than this client\. Update/,
        },
        (context) =>
          context.route(/\/v1\/inbox\?/, (route, request) =>
            route.continue({ url: request.url().replace('/v1/inbox', '/v1/inbox/feeds/all') }),
          ),
      ))

    test.concurrent('an item that expires while it is shown disappears and is no longer counted', async ({
      expect,
    }) => {
      const context = await app.browser.newContext()
      const { page, errors, isLive } = await app.openBell(context, 'grace')
      await isLive()
      await app.send('grace', { title: 'Stays' })
      await app.send('grace', { title: 'Short', expiresAt: new Date(Date.now() + 10_000).toISOString() })
      await page.getByRole('button', { name: 'Notifications, 2 unread' }).click(WAIT)
      const short = panel(page).getByRole('article', { name: 'Short' })
      await short.waitFor(WAIT)
      await short.waitFor({ ...WAIT, state: 'detached' })
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      expect(errors).toEqual([])
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
  },
)
