import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { request } from '../docs/installation.ts'
import { type Packaged, startPackaged } from './packaged.ts'
import { startSite } from './site.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
const APP = fileURLToPath(new URL('react/', import.meta.url))

/** The workspaces in which the versions of React are installed. */
const WORKSPACES = { 18: 'client-sdk', 19: 'load-tests' } as const

describe.skipIf(!executablePath)(`React${executablePath ? '' : ' (Chromium is not installed)'}`, () => {
  let packaged: Packaged

  beforeAll(async () => {
    packaged = await startPackaged(executablePath!)
  })
  afterAll(() => packaged?.close())

  /** Installs the packed package beside a version of React, renders the app on the server, and builds it for the browser. */
  const prepare = async (version: keyof typeof WORKSPACES) => {
    const { dir, hub } = packaged
    const app = join(dir, `react-${version}`)
    await cp(APP, app, { recursive: true })
    await writeFile(join(app, 'package.json'), '{"type":"module"}')
    await packaged.install(app, ['react', 'react-dom'], WORKSPACES[version])
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(app, 'server.js'), hub.url])
    expect(stderr).toBe('')
    await build({
      ...{ root: app, configFile: false, logLevel: 'error', mode: 'development' },
      define: { 'process.env.NODE_ENV': '"development"' },
      build: { minify: false, lib: { entry: 'client.js', formats: ['es'], fileName: 'client' } },
    })
    return { html: stdout, dist: join(app, 'dist') }
  }

  const notify = (user: string, title: string, rest = {}) =>
    request(packaged.hub, 'POST', '/v1/notifications', { to: user, type: 'note', title, ...rest })

  const open = async (version: keyof typeof WORKSPACES, user: string) => {
    const { hub, browser } = packaged
    const { html, dist } = await prepare(version)
    const site = await startSite(async (path) => {
      if (path === '/')
        return {
          type: 'text/html',
          body: `<!doctype html><link rel="icon" href="data:,"><body data-hub="${hub.url}"><div id="root">${html}</div><script type="module" src="/client.js"></script>`,
        }
      if (path === '/my-token')
        return {
          type: 'application/json',
          body: JSON.stringify(await request(hub, 'POST', `/v1/users/${user}/token`)),
        }
      return { type: 'text/javascript', body: await readFile(join(dist, path)) }
    })
    const page = await (await browser.newContext()).newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      const isOurs =
        ['error', 'warning'].includes(message.type()) && !message.text().startsWith('Lit is in dev')
      if (isOurs) errors.push(message.text())
    })
    const sockets: { closed: boolean }[] = []
    page.on('websocket', (socket) => {
      const seen = { closed: false }
      sockets.push(seen)
      socket.on('close', () => {
        seen.closed = true
      })
    })
    const pages: string[] = []
    page.on('request', (sent) => {
      if (new URL(sent.url()).pathname === '/v1/inbox') pages.push(sent.url())
    })
    await page.goto(site.url)
    return { html, page, errors, sockets, pages, stop: site.stop }
  }

  const list = (page: Page, name: string) => page.getByRole('region', { name }).getByRole('listitem')

  test.each([18, 19] as const)(
    'React %i: renders on a server, hydrates, and stays up to date in StrictMode over one connection',
    async (version) => {
      const user = `user-${version}`
      await notify(user, 'First', { url: 'https://example.com/first' })
      const { html, page, errors, sockets, pages, stop } = await open(version, user)
      expect(html).toContain('<notification-bell class="bell" theme="dark"></notification-bell>')
      expect(html).toContain('<ul data-status="loading"></ul>')
      expect(html).toContain('0 unread, connecting')

      await page.getByText('1 unread, live').waitFor(WAIT)
      await list(page, 'one').getByText('First').waitFor(WAIT)
      await list(page, 'two').getByText('First').waitFor(WAIT)
      expect(sockets).toHaveLength(1)
      // The list is fetched at the start and when the connection is live, perhaps again; not twice as often for two lists.
      expect(pages.length).toBeLessThanOrEqual(3)

      await notify(user, 'Second')
      await list(page, 'two').getByText('Second').waitFor(WAIT)
      await page.locator('output[data-arrived=Second]').waitFor(WAIT)
      await page.getByRole('button', { name: 'Notifications, 2 unread' }).waitFor(WAIT)
      await expect.poll(() => page.title(), WAIT).toMatch(/^\(2\)/)

      // A new token function does not make another client.
      await page.getByRole('button', { name: 'Rendered 0' }).click()
      await page.getByRole('button', { name: 'Rendered 1' }).waitFor(WAIT)
      await page.getByRole('button', { name: 'Read all of one' }).click()
      await page.getByText('0 unread, live').waitFor(WAIT)
      await list(page, 'two').and(page.locator('[data-read=true]')).first().waitFor(WAIT)
      expect(sockets).toHaveLength(1)

      await page.locator('aside[data-status=ready]').waitFor(WAIT)
      await page.getByRole('button', { name: 'Mute', exact: true }).click()
      await page.getByRole('button', { name: 'Muted' }).click(WAIT)
      await page.getByRole('button', { name: 'Mute', exact: true }).waitFor(WAIT)

      await page.getByRole('button', { name: 'News' }).click()
      await page.getByRole('dialog').getByRole('link', { name: 'First' }).click()
      await page.locator('[data-clicked="https://example.com/first"]').waitFor(WAIT)
      await page.keyboard.press('Escape')

      await page.getByRole('button', { name: 'Switch' }).click()
      await expect.poll(() => sockets.map(({ closed }) => closed), WAIT).toEqual([true])
      await page.getByRole('button', { name: 'Switch' }).click()
      await list(page, 'one').getByText('Second').waitFor(WAIT)
      await page.getByText('0 unread, live').waitFor(WAIT)

      if (version === 19) {
        const hide = page.getByRole('button', { name: 'Hide' })
        await hide.click()
        await expect.poll(() => sockets.map(({ closed }) => closed), WAIT).toEqual([true, true])
        await hide.click()
        await page.getByText('0 unread, live').waitFor(WAIT)
        await notify(user, 'Third')
        await list(page, 'one').getByText('Third').waitFor(WAIT)
      }
      expect(errors).toEqual([])
      await page.context().close()
      stop()
    },
  )
})
