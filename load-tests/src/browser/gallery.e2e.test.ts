import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { errorsOf, type Hub, startHub } from './hub.ts'

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
    let hub: Hub

    beforeAll(async () => {
      hub = await startHub(executablePath!)
    })
    afterAll(() => hub?.close())

    test.each(VIEWS)(
      '%s: accessible, within the width of the page, and no violation of the CSP',
      async (view, options, query, isChecked) => {
        const context = await hub.browser.newContext({ ...options, reducedMotion: 'reduce' })
        const load = (page: Page, state: string) =>
          page.goto(`${hub.server.url}/demo/gallery.html?state=${state}&${query}`)
        const isReady = async (page: Page, state: string) => {
          await page.locator(`html[data-ready="${state}"]`).waitFor(WAIT)
          await page.evaluate(
            () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
          )
        }
        const [slow, fast] = [await context.newPage(), await context.newPage()]
        const errors = [errorsOf(slow), errorsOf(fast)]
        await load(slow, SLOW)
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
        expect(errors.flat().filter((error) => !error.startsWith('<notification-bell>'))).toEqual([])
        await context.close()
      },
    )
  },
)
