import type { Locator, Page } from 'playwright-core'

/** Moves a finger over an element by CDP, so that the browser distinguishes taps, swipes and scrolling. */
export const touchOf = async (page: Page) => {
  const session = await page.context().newCDPSession(page)
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: { x: number; y: number }) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] })

  return {
    /** Swipes by this many px from the middle of an element, or from `x`. */
    async swipe(element: Locator, { by, down = 0, x }: { by: number; down?: number; x?: number }) {
      const box = (await element.boundingBox())!
      const from = { x: x ?? box.x + box.width / 2, y: box.y + box.height / 2 }
      await send('touchStart', from)
      const steps = 10
      for (let step = 1; step <= steps; step++)
        await send('touchMove', { x: from.x + (by * step) / steps, y: from.y + (down * step) / steps })
      // Lifting a moving finger starts a fling, and the next tap only stops it.
      await page.evaluate(() => new Promise((rested) => setTimeout(rested, 150)))
      await send('touchEnd')
    },
    /** Holds an element until `until` resolves. */
    async hold(element: Locator, until: () => Promise<unknown>) {
      const box = (await element.boundingBox())!
      await send('touchStart', { x: box.x + box.width / 2, y: box.y + box.height / 2 })
      await until()
      await send('touchEnd')
    },
  }
}
