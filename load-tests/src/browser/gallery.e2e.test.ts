import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { violationsOf } from './axe.ts'
import { launchChromium } from './chromium.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
/** A folder for pictures of every state. */
const PICTURES = process.env.PICTURES

/** The state that appears after some seconds. Its page is opened first and checked last. */
const SLOW = 'offline'

const WIDE = { viewport: { width: 1280, height: 800 } }
const NARROW = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true }
/** How the gallery is shown: a name, the options of the browser, the query of the page, and whether axe checks every state. */
const VIEWS: [string, BrowserContextOptions, string, boolean?][] = [
  ['light', WIDE, 'theme=light', true],
  ['dark', WIDE, 'theme=dark', true],
  ['right to left', WIDE, 'theme=dark&dir=rtl'],
  ['narrow', NARROW, 'theme=light', true],
  ['narrow, right to left, dark', NARROW, 'theme=dark&dir=rtl'],
  ['zoomed', { viewport: { width: 640, height: 400 } }, 'theme=light'],
  ['forced colours', { ...WIDE, forcedColors: 'active' }, 'theme=light'],
]

describe.skipIf(!executablePath)(
  `the bell in every state${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let dir: string
    let server: Server
    let browser: Browser

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'carillon-gallery-'))
      server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir })
      browser = await launchChromium(executablePath!)
    })
    afterAll(async () => {
      await browser?.close()
      await server?.stop()
      await rm(dir, { recursive: true })
    })

    test.each(VIEWS)(
      '%s: accessible, within the width of the page, and no violation of the CSP',
      async (view, options, query, isChecked) => {
        const context = await browser.newContext({ ...options, reducedMotion: 'reduce' })
        const errors: string[] = []
        context.on('console', (message) => {
          if (message.type() === 'error') errors.push(message.text())
        })
        context.on('weberror', (error) => errors.push(String(error.error())))
        const load = (page: Page, state: string) =>
          page.goto(`${server.url}/demo/gallery.html?state=${state}&${query}`)
        const isReady = async (page: Page, state: string) => {
          await page.locator(`html[data-ready="${state}"]`).waitFor(WAIT)
          await page.evaluate(
            () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
          )
        }
        const slow = await context.newPage()
        await load(slow, SLOW)
        const fast = await context.newPage()
        await load(fast, 'badge')
        await isReady(fast, 'badge')
        const states = await fast
          .getByRole('navigation', { name: 'States' })
          .getByRole('link')
          .allTextContents()
        expect(states.length).toBeGreaterThan(20)
        expect(states).toContain(SLOW)

        const violations: Record<string, string[]> = {}
        for (const state of [...states.filter((each) => each !== SLOW), SLOW]) {
          const page = state === SLOW ? slow : fast
          if (state === SLOW) await page.bringToFront()
          else await load(page, state)
          await isReady(page, state)
          const found = isChecked ? await violationsOf(page) : []
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          if (overflow > 0) found.push(`scrolls sideways by ${overflow} px`)
          if (found.length > 0) violations[state] = found
          if (PICTURES)
            await page.screenshot({ path: join(PICTURES, `${state}-${view.replaceAll(/\W+/g, '-')}.png`) })
        }
        expect(violations).toEqual({})
        expect(errors.filter((error) => !error.startsWith('<notification-bell>'))).toEqual([])
        await context.close()
      },
    )
  },
)
