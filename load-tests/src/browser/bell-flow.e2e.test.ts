import type {} from '@carillon/core/testing/provided'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'
import { isFocused, tabTo } from './keyboard.ts'
import { touchOf } from './touch.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

/** The actions of a user by one input method. An item is named by its title. */
type InputMethod = {
  /** Activates a button, a tab or a row of a menu. */
  press: (target: Locator) => Promise<unknown>
  read: (title: string) => Promise<unknown>
  archive: (title: string) => Promise<unknown>
  select: (titles: readonly [string, string]) => Promise<unknown>
  /** Opens the menu of snooze times. */
  snooze: (title: string) => Promise<unknown>
  openPreferences: () => Promise<unknown>
  /** Closes the preferences, and then the panel. */
  close: () => Promise<unknown>
}
const itemOf = (page: Page, title: string) => page.getByRole('article', { name: title, exact: true })
const preferencesButton = (page: Page) => page.getByRole('button', { name: 'Preferences' })
const closeButton = (page: Page) => page.getByRole('dialog').getByRole('button', { name: 'Close' })
const backButton = (page: Page) => page.getByRole('button', { name: 'Back' })

const byMouse = (page: Page): InputMethod => {
  const tool = async (title: string, name: string) => {
    await itemOf(page, title).hover(WAIT)
    await itemOf(page, title).getByRole('button', { name, exact: true }).click(WAIT)
  }
  return {
    press: (target) => target.click(WAIT),
    read: (title) => tool(title, 'Mark as read'),
    archive: (title) => tool(title, 'Archive'),
    async select([first, second]) {
      await itemOf(page, first).locator('.pick').click(WAIT)
      await itemOf(page, second).getByRole('checkbox').click(WAIT)
    },
    snooze: (title) => tool(title, 'Snooze'),
    openPreferences: () => preferencesButton(page).click(WAIT),
    async close() {
      await backButton(page).click(WAIT)
      await itemOf(page, 'Five').waitFor(WAIT)
      await page.getByText('Below').click(WAIT)
    },
  }
}

const byTouch = async (page: Page): Promise<InputMethod> => {
  const touch = await touchOf(page)
  return {
    press: (target) => target.tap(WAIT),
    read: (title) => touch.swipe(itemOf(page, title), { by: -120 }),
    archive: (title) => touch.swipe(itemOf(page, title), { by: 120 }),
    async select([first, second]) {
      await touch.hold(itemOf(page, first), () => page.getByText('1 selected').waitFor(WAIT))
      await itemOf(page, second).tap(WAIT)
    },
    async snooze(title) {
      await itemOf(page, title).getByRole('button', { name: 'More' }).tap(WAIT)
      await page.getByRole('menuitem', { name: 'Snooze' }).tap(WAIT)
    },
    // A narrow panel has them in its menu.
    async openPreferences() {
      await page.locator('.more-button').tap(WAIT)
      await page.getByRole('menuitem', { name: 'Preferences' }).tap(WAIT)
    },
    async close() {
      await backButton(page).tap(WAIT)
      await closeButton(page).tap(WAIT)
    },
  }
}

const byKeyboard = (page: Page): InputMethod => {
  const { keyboard } = page
  /** Moves the focus into the list, and in it to an item. */
  const moveTo = async (title: string) => {
    await itemOf(page, title).waitFor(WAIT)
    const focused = page.locator('article:focus')
    for (let tabs = 0; tabs < 60 && (await focused.count()) === 0; tabs++) await keyboard.press('Tab')
    await keyboard.press('PageUp')
    while (!(await isFocused(itemOf(page, title)))) await keyboard.press('ArrowDown')
  }
  const on = async (title: string, key: string) => {
    await moveTo(title)
    await keyboard.press(key)
  }
  return {
    async press(target) {
      await target.waitFor(WAIT)
      // A menu has one Tab stop, and arrow keys move in it.
      if ((await target.getAttribute('role')) === 'menuitem')
        while (!(await isFocused(target))) await keyboard.press('ArrowDown')
      else await tabTo(page, target)
      await keyboard.press((await target.getAttribute('role')) === 'switch' ? 'Space' : 'Enter')
    },
    read: (title) => on(title, 'u'),
    archive: (title) => on(title, 'e'),
    async select([first, second]) {
      await on(first, 'x')
      await on(second, 'x')
    },
    snooze: (title) => on(title, 's'),
    async openPreferences() {
      await tabTo(page, preferencesButton(page))
      await keyboard.press('Enter')
    },
    async close() {
      await keyboard.press('Escape')
      await itemOf(page, 'Five').waitFor(WAIT)
      await keyboard.press('Escape')
    },
  }
}

const PHONE: BrowserContextOptions = {
  ...{ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, reducedMotion: 'reduce' },
}
const INPUT_METHODS: [string, (page: Page) => InputMethod | Promise<InputMethod>, BrowserContextOptions?][] =
  [
    ['mouse', byMouse],
    ['touch', byTouch, PHONE],
    ['keyboard', byKeyboard],
  ]

describe.skipIf(!executablePath)(
  `everything that a user does with the bell${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
      await app.call('PUT', '/v1/categories/alerts', { name: 'Alerts' })
      await app.call('PUT', '/v1/types/greeting', { category: 'alerts' })
    })
    afterAll(() => app?.close())

    test.concurrent.for(INPUT_METHODS)('by %s', async ([name, inputOf, options], { expect }) => {
      const user = `user-${name}`
      for (const title of ['One', 'Two', 'Three', 'Four', 'Five']) await app.send(user, { title })
      const context = await app.browser.newContext(options)
      const { page, errors } = await app.openBell(context, user)
      const input = await inputOf(page)
      const item = (title: string) => itemOf(page, title)
      const gone = (title: string) => item(title).waitFor({ ...WAIT, state: 'detached' })
      const titles = async (query: string) => (await app.inbox(user, query)).map(({ title }) => title)
      const bell = (unread: number) => page.getByRole('button', { name: `Notifications, ${unread} unread` })

      await input.press(bell(5))
      await item('Five').waitFor(WAIT)
      await input.read('Five')
      await expect.poll(() => titles('?status=read'), WAIT).toEqual(['Five'])

      await input.archive('Four')
      await gone('Four')
      await input.press(page.getByRole('button', { name: 'Undo' }))
      await item('Four').waitFor(WAIT)
      expect(await titles('?status=archived')).toEqual([])

      await input.select(['Three', 'Two'])
      await page.getByText('2 selected').waitFor(WAIT)
      await input.press(page.getByRole('toolbar').getByRole('button', { name: 'Archive' }))
      for (const title of ['Three', 'Two']) await gone(title)
      await expect.poll(() => titles('?status=archived'), WAIT).toEqual(['Three', 'Two'])

      await input.snooze('One')
      await input.press(page.getByRole('menuitem', { name: 'In 1 hour' }))
      await gone('One')
      await expect.poll(() => titles('?status=snoozed'), WAIT).toEqual(['One'])

      await input.openPreferences()
      await input.press(page.locator('summary').filter({ hasText: 'Alerts' }))
      await input.press(page.locator('details[open]').getByRole('switch', { name: 'Inbox' }))
      await expect
        .poll(() => app.call('GET', `/v1/users/${user}/preferences`), WAIT)
        .toEqual({ categories: { alerts: { inbox: false } } })

      await input.close()
      await page.getByRole('dialog').waitFor({ ...WAIT, state: 'hidden' })
      await bell(1).waitFor(WAIT)
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
