import type { Page } from 'playwright-core'
import { interleaved, type Measurement, measurement } from './measure.ts'

const ITEMS = 10_000
const ITEMS_QUICK = 1_000
const BATCH = 1_000
const ROUNDS = 3
const ROUNDS_QUICK = 1

const rowOf = (index: number) => ({
  title: `Item ${index}`,
  body: 'A sentence that may need a second line. '.repeat(index % 4),
})

/**
 * Measures the frames that are painted while a list of 10,000 items is scrolled, as a share of 60 a second: a bell that has
 * loaded all items, against a page with a plain list of the same texts.
 */
export const scrolling = async ({
  quick,
  send,
  openBell,
  openPage,
  call,
}: {
  quick: boolean
  send: (notifications: readonly object[]) => Promise<unknown>
  /** Opens a page with a bell in place, 600 px high. */
  openBell: () => Promise<Page>
  openPage: () => Promise<Page>
  /** Calls a function of `bell-page.js`. */
  call: (page: Page, name: string, given: unknown) => Promise<number>
}): Promise<Measurement> => {
  const rows = Array.from({ length: quick ? ITEMS_QUICK : ITEMS }, (_, index) => rowOf(index))
  for (let from = 0; from < rows.length; from += BATCH) await send(rows.slice(from, from + BATCH))
  const [bell, bare] = [await openBell(), await openPage()]
  await bell.bringToFront()
  await call(bell, 'loadAll', { host: 'notification-bell', list: '.scroll', items: rows.length })
  await call(bare, 'addRows', rows)
  const frames = async (page: Page, place: readonly [string, string]) => {
    // Chromium paints a page in the background once a second.
    await page.bringToFront()
    return call(page, 'scrollFrames', place)
  }
  const [shares, bareShares] = await interleaved(
    quick ? ROUNDS_QUICK : ROUNDS,
    () => frames(bell, ['notification-bell', '.scroll']),
    () => frames(bare, ['', 'ul']),
  )
  return measurement('bell.scroll', 'of 60 frames/s', shares, bareShares)
}
