import type {} from '@carillon/core/testing/provided'
import type { BrowserContextOptions, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
const ITEMS = 10_000
/** Items of a list in which rows are left out. */
const FEW = 200
const BATCH = 1_000
/** Distance of a scroll step, px. Rows are rendered in a window of about 2,100 px. */
const STEP = 1_900
/** Maximum number of rows in the DOM. */
const ROWS_MAX = 60
/** Maximum number of nodes of the page. */
const NODES_MAX = 8_000
/** Maximum memory per item, bytes: its data and what the client knows of it. A rendered row takes 10 kB. */
const ITEM_MAX = 1_500

/** Records the item that each position has shown, and, in `wrong`, the positions that have shown several. */
const record = () => {
  const shown = new Map<number, string>()
  const wrong: number[] = []
  const look = () => {
    for (const each of document
      .querySelector('notification-bell')!
      .shadowRoot!.querySelectorAll<HTMLElement>('article')) {
      const [at, id] = [Number(each.ariaPosInSet), each.dataset.id!]
      if ((shown.get(at) ?? id) !== id) wrong.push(at)
      shown.set(at, id)
    }
  }
  const observer = new MutationObserver(look)
  observer.observe(document.querySelector('notification-bell')!.shadowRoot!, {
    ...{ subtree: true, childList: true },
  })
  look()
  Object.assign(globalThis, {
    recorded: () => {
      observer.disconnect()
      const ids = [...shown].sort(([a], [b]) => a - b).map(([, id]) => id)
      return { ids, wrong }
    },
  })
}

/** Returns functions that scroll the list and find its rows. */
const listOf = (page: Page) => {
  const scroll = page.locator('notification-bell .scroll')
  const inList = <T>(read: (articles: HTMLElement[], given: string | undefined) => T, given?: string) =>
    scroll.locator('article').evaluateAll(read as never, given) as Promise<T>
  return {
    scroll,
    /**
     * Scrolls by the wheel, waits until that is done and painted, and returns the positions of the rendered rows. Two steps in
     * one frame would pass rows that were never in the window.
     */
    async wheel(distance: number) {
      const from = await scroll.evaluate(({ scrollTop }) => scrollTop)
      await page.mouse.wheel(0, distance)
      return scroll.evaluate(async (element, before) => {
        const frame = () => new Promise((done) => requestAnimationFrame(done))
        // A list at its end does not move. On a page, the window scrolls and not the list.
        for (let frames = 0; element.scrollTop === before && frames < 30; frames++) await frame()
        await frame()
        await frame()
        return [...element.querySelectorAll('article')].map((each) => Number(each.ariaPosInSet))
      }, from)
    },
    row: (position: number) => scroll.locator(`article[aria-posinset="${position}"]`),
    positions: () => inList((all) => all.map((each) => Number(each.ariaPosInSet))),
    /** Returns the id of the first row below the middle of the window. */
    middle: () =>
      inList((all) => all.find((each) => each.getBoundingClientRect().top > innerHeight / 2)?.dataset.id),
    /** Returns the position of a row and its distance from the top of the window, px. */
    find: (id: string | undefined) =>
      inList((all, wanted) => {
        const found = all.find(({ dataset }) => dataset.id === wanted)
        return (
          found && {
            position: Number(found.ariaPosInSet),
            top: Math.round(found.getBoundingClientRect().top),
          }
        )
      }, id),
    /** Returns the position of the row that has the focus. */
    focused: () =>
      inList((all) => {
        const found = all.find((each) => each.matches(':focus'))
        return found && Number(found.ariaPosInSet)
      }),
  }
}

const memoryOf = async (cdp: CDPSession) => {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const metric = (name: string) => metrics.find((each) => each.name === name)!.value
  return { heap: metric('JSHeapUsedSize'), nodes: metric('Nodes') }
}

describe.skipIf(!executablePath)(
  `a list of 10,000 items${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App

    const fill = async (user: string, count: number) => {
      for (let from = 0; from < count; from += BATCH)
        await app.call('POST', '/v1/notifications/batch', {
          notifications: Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
            ...{ to: user, type: 'greeting', title: `Item ${from + index}` },
            // Rows of several heights.
            body: 'A sentence that may need a second line. '.repeat(index % 4),
          })),
        })
    }
    beforeAll(async () => {
      app = await startApp(executablePath!)
      await Promise.all([fill('ada', ITEMS), fill('grace', FEW), fill('alan', FEW), fill('mary', FEW)])
    }, 60_000)
    afterAll(() => app?.close())

    const tokenOf = async (user: string): Promise<string> =>
      (await app.call('POST', `/v1/users/${user}/token`)).token

    /** Resolves with the ids of all items of a user, newest first, once there are `count`. */
    const idsOf = async (user: string, count: number) => {
      const token = await tokenOf(user)
      const ids: string[] = []
      const load = async () => {
        ids.length = 0
        for (let before: string | null = ''; before !== null; ) {
          const query: string = `limit=100${before && `&before=${encodeURIComponent(before)}`}`
          const page = await app.call('GET', `/v1/inbox?${query}`, undefined, token)
          for (const { id } of page.items) ids.push(id)
          before = page.next
        }
        return ids.length
      }
      await expect.poll(load, { ...WAIT, interval: 1_000 }).toBe(count)
      return ids
    }
    const openList = async (user: string, attributes = '', options: BrowserContextOptions = {}) => {
      const context = await app.browser.newContext(options)
      const { page, errors, isLive } = await app.openBell(context, user, attributes)
      if (!attributes.includes('mode=')) await page.getByRole('button', { name: /^Notifications/ }).click()
      const list = listOf(page)
      await list.row(1).waitFor(WAIT)
      await isLive()
      await list.row(3).hover()
      return { ...list, page, errors, context }
    }
    type Opened = Awaited<ReturnType<typeof openList>>

    /** Scrolls until the row at a position is rendered. */
    const scrollTo = async ({ wheel }: Opened, position: number) => {
      await expect
        .poll(async () => Math.max(...(await wheel(STEP)).slice(0, -1)), WAIT)
        .toBeGreaterThan(position)
    }

    test('every item is shown once and in order, while the DOM and the memory stay small', async () => {
      const ids = await idsOf('ada', ITEMS)
      const { page, errors, wheel, context } = await openList('ada')
      const cdp = await context.newCDPSession(page)
      await cdp.send('Performance.enable')
      await page.evaluate(record)

      let start: { heap: number; loaded: number } | undefined
      let rows = 0
      for (let loaded = 0; loaded < ITEMS; ) {
        const shown = await wheel(STEP)
        loaded = shown.at(-1) ?? 0
        if (loaded < FEW) continue
        rows = Math.max(rows, shown.length)
        start ??= { ...(await memoryOf(cdp)), loaded }
      }
      await expect.poll(() => wheel(STEP), WAIT).toContain(ITEMS - 1)
      expect(await page.evaluate('recorded()')).toEqual({ ids, wrong: [] })
      expect(rows).toBeLessThan(ROWS_MAX)
      // The browser may collect removed nodes later.
      await expect.poll(async () => (await memoryOf(cdp)).nodes, WAIT).toBeLessThan(NODES_MAX)
      const { heap } = await memoryOf(cdp)
      const each = (heap - start!.heap) / (ITEMS - start!.loaded)
      expect(each, 'bytes per item').toBeLessThan(ITEM_MAX)
      expect(errors).toEqual([])
      await context.close()
    }, 240_000)

    test('the focus stays in the DOM, and keys reach every item', async () => {
      const opened = await openList('grace')
      const { page, row, focused, errors, wheel, positions, context } = opened
      await scrollTo(opened, 70)
      await row(1).focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await expect.poll(focused, WAIT).toBe(3)
      await scrollTo(opened, 120)
      expect(await focused()).toBe(3)
      expect(await positions()).not.toContain(30)
      await page.keyboard.press('PageDown')
      await expect.poll(focused, WAIT).toBe(8)
      await row(12).waitFor(WAIT)
      // Tab reaches the controls of the item, and then the next item.
      for (let presses = 0; (await focused()) !== 9 && presses < 8; presses++)
        await page.keyboard.press('Tab')
      expect(await focused()).toBe(9)
      for (let loaded = 0; loaded < FEW; loaded = (await positions()).at(-1)!) {
        await page.keyboard.press('End')
        await wheel(0)
      }
      await page.keyboard.press('End')
      await expect.poll(focused, WAIT).toBe(FEW)
      await page.keyboard.press('ArrowUp')
      await expect.poll(focused, WAIT).toBe(FEW - 1)
      await row(FEW - 8).waitFor(WAIT)
      // A removed item gives the focus to the next one.
      await page.keyboard.press('e')
      await page.getByText('1 archived').first().waitFor(WAIT)
      await expect.poll(focused, WAIT).toBe(FEW - 1)
      await page.keyboard.press('Home')
      await expect.poll(focused, WAIT).toBe(1)
      await page.keyboard.press('Control+End')
      await expect.poll(focused, WAIT).toBeUndefined()
      expect(errors).toEqual([])
      await context.close()
    })

    test.each([
      ['in a panel, right to left', 'alan', 'dir="rtl"'],
      ['on a page', 'mary', 'mode="page"'],
    ])('%s: visible rows do not move when items above them leave or arrive', async (_, user, attributes) => {
      const [ids, token] = [await idsOf(user, FEW), await tokenOf(user)]
      const opened = await openList(user, attributes, { reducedMotion: 'reduce' })
      const { page, row, find, middle, errors, positions, context } = opened
      await scrollTo(opened, 90)
      expect((await positions()).length).toBeLessThan(ROWS_MAX)
      let read: string | undefined
      let before: Awaited<ReturnType<typeof find>>
      /** Reports whether scrolling and loading have ended. */
      const settled = async () => {
        ;[read, before] = [await middle(), await find(read)]
        return before && (await find(read))?.top === before.top
      }
      await expect.poll(settled, { ...WAIT, interval: 500 }).toBe(true)
      if (!before) throw new Error('no row is visible')
      await app.send(user, { title: 'New' })
      await page.getByRole('button', { name: '1 new' }).waitFor(WAIT)
      // The first item is not rendered. The second one is, above the visible part.
      for (const id of [ids[5]!, ids[before.position - 9]!])
        await app.call('PATCH', `/v1/inbox/${id}`, { archived: true }, token)
      await expect.poll(async () => (await find(read))?.position, WAIT).toBe(before.position - 2)
      // Browsers scroll by whole pixels, and rows have fractions of them.
      const moved = async () => Math.abs((await find(read))!.top - before!.top)
      await expect.poll(moved, WAIT).toBeLessThanOrEqual(2)
      await page.getByRole('button', { name: '1 new' }).click()
      await row(1).getByText('New').waitFor(WAIT)
      expect(await row(1).evaluate((each) => each.getBoundingClientRect().top >= 0)).toBe(true)
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
