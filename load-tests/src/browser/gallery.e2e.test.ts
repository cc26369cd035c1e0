import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { boxesOf, movedBoxes } from './boxes.ts'
import { errorsOf, type Hub, startHub } from './hub.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
/** A folder for pictures of every state. */
const PICTURES = process.env.PICTURES

/** The state that appears after some seconds. Its page is opened first and checked last. */
const SLOW = 'offline'

type View = {
  name: string
  theme?: 'light' | 'dark'
  isRightToLeft?: boolean
  forcedColors?: 'active'
  viewport?: { width: number; height: number }
  /** Whether all elements have the places of the first view, mirrored if the view is right to left. */
  isCompared?: boolean
  /** The rules of axe that are checked; none by default. */
  rules?: 'all' | readonly string[]
}

/** The rules whose result depends on the theme. The others see the same document in every theme. */
const COLORS = ['color-contrast', 'link-in-text-block']

const WIDE = { viewport: { width: 1280, height: 800 } }
const NARROW = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true }
/** Each state is opened once per screen, and then shown in its views. Right to left comes last, because it remains. */
const SCREENS: [string, BrowserContextOptions & { viewport: object }, View[]][] = [
  [
    'wide',
    WIDE,
    [
      { name: 'light', rules: 'all' },
      { name: 'dark', theme: 'dark', rules: COLORS, isCompared: true },
      { name: 'forced colours', forcedColors: 'active' },
      { name: 'right to left', theme: 'dark', isRightToLeft: true, isCompared: true },
      { name: 'zoomed', isRightToLeft: true, viewport: { width: 640, height: 400 } },
    ],
  ],
  [
    'narrow',
    NARROW,
    [
      { name: 'narrow', rules: 'all' },
      { name: 'narrow, right to left, dark', theme: 'dark', isRightToLeft: true, isCompared: true },
    ],
  ],
]
/** The state that depends on the direction in which it was opened. */
const DIRECTED = 'swipe'

const nextFrames = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))

/** Shows an open page in another view. */
const show = async (page: Page, screen: BrowserContextOptions, view: View) => {
  const { theme = 'light', isRightToLeft = false, forcedColors = 'none' } = view
  await page.emulateMedia({ forcedColors })
  await page.setViewportSize(view.viewport ?? screen.viewport ?? WIDE.viewport)
  await page.evaluate(
    ([theme, isRightToLeft]) => {
      document.documentElement.dataset.theme = theme
      if (isRightToLeft) document.documentElement.dir = 'rtl'
    },
    [theme, isRightToLeft] as const,
  )
  await nextFrames(page)
}

describe.skipIf(!executablePath)(
  `the bell in every state${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let hub: Hub

    beforeAll(async () => {
      hub = await startHub(executablePath!)
    })
    afterAll(() => hub?.close())

    test.each(SCREENS)(
      '%s: accessible, within the width of the page, the same in both themes and mirrored from right to left',
      async (_, screen, views) => {
        const context = await hub.browser.newContext({ ...screen, reducedMotion: 'reduce' })
        const load = (page: Page, state: string, more = '') =>
          page.goto(`${hub.server.url}/demo/gallery.html?state=${state}&theme=light${more}`)
        const isReady = async (page: Page, state: string) => {
          await page.locator(`html[data-ready="${state}"]`).waitFor(WAIT)
          await nextFrames(page)
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
        expect(states).toEqual(expect.arrayContaining([SLOW, DIRECTED]))

        const violations: Record<string, string[]> = {}
        for (const state of [...states.filter((each) => each !== SLOW), SLOW]) {
          const page = state === SLOW ? slow : fast
          if (state === SLOW) await page.bringToFront()
          else await load(page, state)
          await isReady(page, state)
          let places: Awaited<ReturnType<typeof boxesOf>> | undefined
          for (const view of views) {
            const isDirected = state === DIRECTED && view.isRightToLeft
            if (isDirected) {
              await load(page, state, '&dir=rtl')
              await isReady(page, state)
            }
            await show(page, screen, view)
            const found = view.rules ? await violationsOf(page, view.rules) : []
            const overflow = await page.evaluate(() => {
              const list = document.querySelector('notification-bell')?.shadowRoot?.querySelector('.scroll')
              const inList = list ? list.scrollWidth - list.clientWidth : 0
              return Math.max(document.documentElement.scrollWidth - innerWidth, inList)
            })
            if (overflow > 0) found.push(`scrolls sideways by ${overflow} px`)
            places ??= await boxesOf(page)
            if (view.isCompared && !isDirected) found.push(...movedBoxes(places, await boxesOf(page)))
            if (found.length > 0) violations[`${state}: ${view.name}`] = found
            if (PICTURES)
              await page.screenshot({
                path: join(PICTURES, `${state}-${view.name.replaceAll(/\W+/g, '-')}.png`),
              })
          }
        }
        expect(violations).toEqual({})
        expect(errors.flat().filter((error) => !error.startsWith('<notification-bell>'))).toEqual([])
        await context.close()
      },
    )
  },
)
