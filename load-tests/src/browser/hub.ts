import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { startCarillon } from '../rig/carillon.ts'
import { launchChromium } from './chromium.ts'

/** Collects the errors of a page: those in the console, such as violations of its CSP, and uncaught ones. */
export const errorsOf = (page: Page): string[] => {
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  return errors
}

/**
 * Returns a function that sends JSON to a hub, with the API key or a token. It returns the parsed response, and throws if the
 * hub refuses the request.
 */
export const caller =
  (url: string, apiKey: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: responses of many routes
  async <T = any>(method: string, path: string, body?: object, token = apiKey): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text || 'null')
  }

/** Starts a browser and a hub in development mode, which has its own data directory. */
export const startHub = async (executablePath: string, launch = launchChromium) => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-browser-'))
  const settings = { CARILLON_DATA_DIR: dir }
  const server = await startCarillon(['dev'], settings)
  const browser = await launch(executablePath)
  const { apiKey } = (await (await fetch(`${server.url}/demo/config.json`)).json()) as { apiKey: string }
  const call = caller(server.url, apiKey)

  return {
    ...{ server, settings, browser, apiKey, call },
    /** Returns a token of a user. */
    tokenOf: async (user: string) => (await call<{ token: string }>('POST', `/v1/users/${user}/token`)).token,
    /** Sends a notification, and returns its id. */
    send: async (to: unknown, notification: object) =>
      (await call<{ id: string }>('POST', '/v1/notifications', { to, type: 'greeting', ...notification })).id,
    /** Opens the demo page of a user in a new context. Resolves when the page has a live connection. */
    async openDemo(user: string) {
      const page = await (await browser.newContext()).newPage()
      const errors = errorsOf(page)
      await page.goto(`${server.url}/?user=${user}`)
      await page.locator('#connection[data-state=live]').waitFor({ timeout: 30_000 })
      return { page, errors }
    },
    async close() {
      await browser.close()
      await server.stop()
      await rm(dir, { recursive: true })
    },
  }
}
export type Hub = Awaited<ReturnType<typeof startHub>>
