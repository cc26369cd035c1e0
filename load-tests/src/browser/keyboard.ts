import type { Locator, Page } from 'playwright-core'

/** Maximum number of Tab keys to reach a control. */
const TABS_MAX = 60

export const isFocused = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element.matches(':focus'))

/** Moves the focus by Tab keys. Throws if the control cannot be reached. */
export const tabTo = async (page: Page, target: Locator) => {
  await target.waitFor({ timeout: 30_000 })
  for (let n = 0; n < TABS_MAX; n++) {
    if (await isFocused(target)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${target} cannot be reached by Tab`)
}
