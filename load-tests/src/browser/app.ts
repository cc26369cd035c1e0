import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { errorsOf, startHub } from './hub.ts'

/** The part of Tailwind's reset that affects the bell, and a rule that reserves the space of the bell. */
const CSS = `
*, ::before, ::after { box-sizing: border-box; border: 0 solid red; margin: 0; padding: 0 }
html { line-height: 1.5; font-family: ui-sans-serif, system-ui, sans-serif }
button, input { font: inherit; color: inherit; background-color: transparent; border-radius: 0 }
img, svg, video { display: block; vertical-align: middle }
img, video { max-width: 100%; height: auto }
h1, h2, h3 { font-size: inherit; font-weight: inherit }
ol, ul { list-style: none }
header { display: flex; justify-content: space-between; padding: 8px; color: #123456 }
notification-bell:not(:defined) { display: inline-block; inline-size: 40px; block-size: 40px }
`

/** Resolves when the page has loaded an inbox and has a live connection, so that the next item is a new one. */
const live = async (page: Page) => {
  const socket = page.waitForEvent('websocket').then((each) =>
    // Socket.IO's answer to a connection.
    each.waitForEvent('framereceived', ({ payload }) => String(payload).startsWith('40')),
  )
  await Promise.all([socket, page.waitForResponse((response) => response.url().includes('/v1/inbox?'))])
}

type Item = { title: string; [name: string]: unknown }

/** The page of an app: a header with the bell. */
const bellPage = (hub: string, user: string, attributes = '') =>
  `<header><strong>App</strong>
   <notification-bell url="${hub}" token-url="/token/${user}" ${attributes}></notification-bell></header><p>Below</p>`

/**
 * Starts a hub, a browser, and an app on another origin that embeds the bell under a strict Content-Security-Policy. `pages` are
 * its pages by path. `answers` handle other paths, and take precedence.
 */
export const startApp = async (executablePath: string) => {
  const started = await startHub(executablePath)
  const { server: hub, settings, browser, apiKey, call, send, tokenOf } = started
  const pages = new Map<string, string>()
  const answers = new Map<string, (response: ServerResponse) => void>()

  const csp = [
    "default-src 'none'; base-uri 'none'; style-src 'self'",
    `script-src 'self' ${hub.url}`,
    `connect-src 'self' ${hub.url} ${hub.url.replace('http', 'ws')}`,
    "img-src 'self' https:; worker-src 'self'",
  ].join('; ')
  const server = createServer(async ({ url = '/' }, response) => {
    const answer = answers.get(url)
    const page = pages.get(url)
    if (answer) return answer(response)
    if (url === '/app.css') return response.writeHead(200, { 'content-type': 'text/css' }).end(CSS)
    if (url.startsWith('/token/')) {
      const token = await call('POST', `/v1/users/${url.slice('/token/'.length)}/token`)
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token))
    }
    if (!page) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': csp })
    response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/app.css">
      <script type="module" src="${hub.url}/bell.js"></script>${page}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  answers.set('/icon.svg', (response) =>
    response
      .writeHead(200, { 'content-type': 'image/svg+xml' })
      .end('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  )

  return {
    ...{ hub, settings, browser, apiKey, url, pages, answers, call, send },
    /** Opens a page, and collects its errors. */
    async open(context: BrowserContext, path: string) {
      const page = await context.newPage()
      const errors = errorsOf(page)
      const isLive = live(page)
      isLive.catch(() => {})
      await page.goto(url + path)
      return { page, errors, isLive: () => isLive }
    },
    /** Opens a page with the bell of a user. */
    async openBell(context: BrowserContext, user: string, attributes = '') {
      const path = `/${user}/${encodeURIComponent(attributes)}`
      pages.set(path, bellPage(hub.url, user, attributes))
      return this.open(context, path)
    },
    /** Returns the items of a user. */
    async inbox(user: string, query = '') {
      const token = await tokenOf(user)
      const inbox = await call<{ items: Item[] }>('GET', `/v1/inbox${query}`, undefined, token)
      return inbox.items
    },
    async close() {
      await new Promise((done) => {
        server.close(done)
        server.closeAllConnections()
      })
      await started.close()
    },
  }
}
export type App = Awaited<ReturnType<typeof startApp>>
