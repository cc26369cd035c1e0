import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'

/**
 * Opens HTML in a browser as the root page of a site; all other paths are proxied to `behind` if given. The site is a real
 * server, because browsers treat pages from localhost differently.
 */
export const openPage = async (browser: Browser, html: string, behind?: string) => {
  const site = createServer(async (request, response) => {
    const { url = '', method } = request
    if (url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      return response.end(`<!doctype html><link rel="icon" href="data:,">${html}`)
    }
    if (behind === undefined) return response.writeHead(404).end()
    const answer = await fetch(behind + url, { method })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')

  const context = await browser.newContext()
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  return {
    errors,
    /** Resolves when the page contains this text. */
    shows: (text: string) => page.getByText(text).first().waitFor({ timeout: 30_000 }),
    /** Opens the panel of the bell. */
    openBell: () => page.getByRole('button', { name: /^Notifications/ }).click({ timeout: 30_000 }),
    close: async () => {
      await context.close()
      site.closeAllConnections()
      site.close()
    },
  }
}
