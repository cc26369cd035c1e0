import type {} from '@carillon/core/testing/provided'
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'
import { touchOf } from './touch.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
const PHONE: BrowserContextOptions = {
  ...{ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, reducedMotion: 'reduce' },
}

describe.skipIf(!executablePath)(
  `the bell by touch${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    /** Opens the sheet of a user with these items, the last of which is the newest. */
    const openSheet = async (user: string, titles: readonly string[], attributes = '') => {
      for (const title of titles) await app.send(user, { title })
      const context = await app.browser.newContext(PHONE)
      const { page, errors } = await app.openBell(context, user, attributes)
      const button = page.getByRole('button', { name: `Notifications, ${titles.length} unread`, exact: true })
      await button.waitFor(WAIT)
      await button.tap()
      const sheet = page.getByRole('dialog', { name: 'Notifications' })
      await sheet
        .getByRole('article')
        .nth(titles.length - 1)
        .waitFor(WAIT)
      const item = (title: string) => page.getByRole('article', { name: title, exact: true })
      return { context, page, errors, sheet, item, touch: await touchOf(page) }
    }

    test('a swipe marks as read or archives, if it is far enough and does not begin at the edge', async () => {
      const { context, page, errors, item, touch } = await openSheet('ada', ['One', 'Two'])
      await touch.swipe(item('Two'), { by: -60 })
      await touch.swipe(item('Two'), { by: 120, x: 10 })
      await touch.swipe(item('Two'), { by: -120 })
      await item('Two')
        .locator('.mark', { hasText: 'Unread' })
        .waitFor({ ...WAIT, state: 'detached' })
      await expect
        .poll(async () => (await app.inbox('ada')).map(({ readAt }) => !!readAt), WAIT)
        .toEqual([true, false])

      await touch.swipe(item('One'), { by: 120 })
      await item('One').waitFor({ ...WAIT, state: 'detached' })
      await page.locator('.undo', { hasText: '1 archived' }).waitFor(WAIT)
      await page.getByRole('button', { name: 'Undo' }).tap()
      await item('One').waitFor(WAIT)
      await expect.poll(async () => (await app.inbox('ada')).length, WAIT).toBe(2)
      expect(errors).toEqual([])
      await context.close()
    })

    test('swipes are mirrored in a right-to-left page', async () => {
      const { context, errors, item, touch } = await openSheet('grace', ['One'], 'dir="rtl"')
      await touch.swipe(item('One'), { by: -120 })
      await item('One').waitFor({ ...WAIT, state: 'detached' })
      await expect.poll(async () => (await app.inbox('grace', '?status=archived')).length, WAIT).toBe(1)
      expect(errors).toEqual([])
      await context.close()
    })

    test('a vertical swipe scrolls the list, a tap opens an item, and a long press selects it', async () => {
      const titles = Array.from({ length: 12 }, (_, at) => `Item ${at}`)
      const { context, page, errors, item, sheet, touch } = await openSheet('alan', titles)
      const list = page.locator('.scroll')
      await touch.swipe(item('Item 8'), { by: -30, down: -200 })
      await expect.poll(() => list.evaluate(({ scrollTop }) => scrollTop), WAIT).toBeGreaterThan(100)
      expect((await app.inbox('alan')).every(({ readAt }) => readAt === null)).toBe(true)

      await list.evaluate((each) => each.scrollTo(0, 0))
      await touch.hold(item('Item 11'), () => sheet.getByText('1 selected').waitFor(WAIT))
      await item('Item 10').tap()
      await sheet.getByText('2 selected').waitFor(WAIT)
      await sheet.getByRole('toolbar').getByRole('button', { name: 'Mark as read' }).tap()
      await expect
        .poll(
          async () => (await app.inbox('alan')).filter(({ readAt }) => readAt).map(({ title }) => title),
          WAIT,
        )
        .toEqual(['Item 11', 'Item 10'])
      await item('Item 9').tap()
      await item('Item 9')
        .locator('.mark', { hasText: 'Unread' })
        .waitFor({ ...WAIT, state: 'detached' })
      await sheet.getByRole('button', { name: 'Close' }).tap()
      await sheet.waitFor({ ...WAIT, state: 'hidden' })
      expect(errors).toEqual([])
      await context.close()
    })

    test.for([
      ['at the top', 'padding-block: 0 2000px', 0],
      ['at the bottom', 'position: fixed; inset: auto 0 0', 0],
      ['that is scrolled away', 'padding-block: 0 2000px', 900],
    ] as const)('a toast leaves a bell free %s, and is on the screen', async ([place, style, scroll]) => {
      const user = `barbara-${place.replaceAll(' ', '-')}`
      const context = await app.browser.newContext({ ...PHONE, viewport: { width: 320, height: 640 } })
      const { page, isLive } = await app.openBell(context, user)
      await isLive()
      await page.evaluate(
        ([style, scroll]) => {
          document.querySelector('header')!.style.cssText = style
          scrollTo(0, scroll)
        },
        [style, scroll] as const,
      )
      await app.send(user, { title: 'Hello', body: 'A body of several words, on one line.' })
      const toast = page.locator('.toast', { hasText: 'Hello' })
      await toast.waitFor(WAIT)
      const box = (await toast.boundingBox())!
      const bell = (await page.getByRole('button', { name: 'Notifications, 1 unread' }).boundingBox())!
      expect([box.y >= 0, box.y + box.height <= 640]).toEqual([true, true])
      expect(box.y >= bell.y + bell.height || box.y + box.height <= bell.y).toBe(true)
      await context.close()
    })

    test('a toast is swiped away', async () => {
      const context = await app.browser.newContext(PHONE)
      const { page, errors, isLive } = await app.openBell(context, 'edsger')
      await isLive()
      await app.send('edsger', { title: 'Hello' })
      const toast = page.locator('.toast', { hasText: 'Hello' })
      await toast.waitFor(WAIT)
      await (await touchOf(page)).swipe(toast, { by: 120 })
      await toast.waitFor({ ...WAIT, state: 'detached', timeout: 3_000 })
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
