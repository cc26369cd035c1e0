import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
const WIDE = { width: 1_000, height: 800 }
const NARROW = { width: 400, height: 800 }

describe.skipIf(!executablePath)(
  `opening and closing the panel${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    const bellOf = (page: Page) => page.locator('notification-bell .bell')
    const panelOf = (page: Page) => page.getByRole('dialog')
    const hidden = (page: Page) => panelOf(page).waitFor({ ...WAIT, state: 'hidden' })
    const shown = (page: Page, title: string) =>
      panelOf(page).getByRole('article', { name: title }).waitFor(WAIT)
    const isFocused = (page: Page, selector: string) =>
      expect
        .poll(() => page.locator(selector).evaluate((element) => element.matches(':focus')), WAIT)
        .toBe(true)
    /** Opens the page of an app that has an input, too. */
    const open = async (user: string, options = {}) => {
      await app.send(user, { title: 'One' })
      const context = await app.browser.newContext({ viewport: WIDE, ...options })
      app.pages.set(
        `/${user}`,
        `<header><strong>App</strong><notification-bell url="${app.hub.url}" token-url="/token/${user}"></notification-bell></header>
         <main><input id="search"><p>Below</p></main>`,
      )
      const { page, errors } = await app.open(context, `/${user}`)
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      return { page, errors, close: () => context.close() }
    }

    test.for([
      ['click', {}],
      ['tap', { hasTouch: true }],
    ] as const)(
      'a second %s of the button closes the panel, and a third opens it',
      async ([how, options]) => {
        const { page, errors, close } = await open(`ada-${how}`, options)
        for (const _ of [1, 2]) {
          await bellOf(page)[how]()
          await shown(page, 'One')
          await panelOf(page).getByRole('button', { name: 'Mark all as read' })[how]()
          await bellOf(page)[how]()
          await hidden(page)
          await isFocused(page, '.bell')
          await expect.poll(() => bellOf(page).getAttribute('aria-expanded'), WAIT).toBe('false')
        }
        expect(errors).toEqual([])
        await close()
      },
    )

    test('a click into an input of the page closes the panel, and keeps the focus', async () => {
      const { page, errors, close } = await open('grace')
      await bellOf(page).click()
      await shown(page, 'One')
      await page.locator('#search').click()
      await hidden(page)
      await page.keyboard.type('abc')
      await isFocused(page, '#search')
      expect(await page.locator('#search').inputValue()).toBe('abc')

      await bellOf(page).click()
      await shown(page, 'One')
      await page.getByText('Below').click()
      await hidden(page)
      await isFocused(page, '.bell')
      expect(errors).toEqual([])
      await close()
    })

    test('a bell that opened as a sheet opens as a popover once the window is wide', async () => {
      const { page, errors, close } = await open('linus', { viewport: NARROW })
      await bellOf(page).click()
      await shown(page, 'One')
      await page.keyboard.press('Escape')
      await hidden(page)
      await page.setViewportSize(WIDE)
      for (const _ of [1, 2]) {
        await bellOf(page).click()
        await shown(page, 'One')
        await page.locator('dialog:popover-open').waitFor(WAIT)
        await bellOf(page).click()
        await hidden(page)
      }
      expect(errors).toEqual([])
      await close()
    })

    test('an open panel shows the items of another token, and of another context', async () => {
      const { page, errors, close } = await open('mary')
      await app.send('joan', { title: 'Two' })
      await app.send('joan', { title: 'Three', context: 'acme' })
      const { token } = await app.call<{ token: string }>('POST', '/v1/users/joan/token')
      await bellOf(page).click()
      await shown(page, 'One')
      await panelOf(page).getByRole('article').focus()
      const bell = page.locator('notification-bell')
      await bell.evaluate((element, token) => element.setAttribute('token', token), token)
      await shown(page, 'Two')
      // The item that had the focus is gone.
      await isFocused(page, 'dialog.panel')
      await bell.evaluate((element) => element.setAttribute('context', 'acme'))
      await shown(page, 'Three')
      await panelOf(page)
        .getByRole('article', { name: 'Two' })
        .waitFor({ ...WAIT, state: 'detached' })
      await bellOf(page).click()
      await hidden(page)
      expect(errors).toEqual([])
      await close()
    })

    test('a panel without a token has a name and no button, and shows the items once the token is set', async () => {
      await app.send('dorothy', { title: 'One' })
      const { token } = await app.call<{ token: string }>('POST', '/v1/users/dorothy/token')
      const context = await app.browser.newContext({ viewport: WIDE })
      app.pages.set('/late', `<header><notification-bell url="${app.hub.url}"></notification-bell></header>`)
      const { page } = await app.open(context, '/late')
      await bellOf(page).click(WAIT)
      await page.getByRole('dialog', { name: 'Notifications can’t be loaded' }).waitFor(WAIT)
      expect(await panelOf(page).getByRole('button').count()).toBe(0)
      await page
        .locator('notification-bell')
        .evaluate((element, token) => element.setAttribute('token', token), token)
      await shown(page, 'One')
      await context.close()
    })

    test('Escape ends a selection, in the list and in its toolbar, before it closes the panel', async () => {
      const { page, errors, close } = await open('alan')
      const selected = page.getByText('1 selected')
      await bellOf(page).click()
      await shown(page, 'One')
      for (const focused of ['article', 'toolbar']) {
        await page.locator('article').press('x')
        await selected.waitFor(WAIT)
        if (focused !== 'article') await page.getByRole('toolbar').getByRole('checkbox').focus()
        await page.keyboard.press('Escape')
        await selected.waitFor({ ...WAIT, state: 'detached' })
        await isFocused(page, 'article')
      }
      await page.keyboard.press('Escape')
      await hidden(page)
      expect(errors).toEqual([])
      await close()
    })

    test('Escape closes a panel whose user was removed during a selection', async () => {
      const { page, errors, close } = await open('edith')
      await bellOf(page).click()
      await shown(page, 'One')
      await page.locator('article').press('x')
      await page.getByText('1 selected').waitFor(WAIT)
      await page.locator('notification-bell').evaluate((bell) => {
        for (const name of ['url', 'token', 'token-url']) bell.removeAttribute(name)
      })
      await page.getByRole('dialog', { name: 'Notifications can’t be loaded' }).waitFor(WAIT)
      await panelOf(page).focus(WAIT)
      await page.keyboard.press('Escape')
      await hidden(page)
      expect(errors).toEqual([])
      await close()
    })

    test.for([
      ['popover', WIDE],
      ['sheet', NARROW],
    ] as const)('a %s stays open when the bell is moved', async ([name, viewport]) => {
      const { page, errors, close } = await open(`barbara-${name}`, { viewport })
      await bellOf(page).click()
      await shown(page, 'One')
      await page.evaluate(() => {
        document.querySelector('main')!.before(document.querySelector('notification-bell')!)
      })
      await shown(page, 'One')
      await page.keyboard.press('Escape')
      await hidden(page)
      await expect.poll(() => bellOf(page).getAttribute('aria-expanded'), WAIT).toBe('false')
      await bellOf(page).click()
      await shown(page, 'One')
      expect(errors).toEqual([])
      await close()
    })

    test('after an item is snoozed by keyboard, the next one has the focus', async () => {
      const { page, errors, close } = await open('katherine')
      for (const title of ['Next', 'Last']) await app.send('katherine', { title })
      await page.getByRole('button', { name: 'Notifications, 3 unread' }).waitFor(WAIT)
      await bellOf(page).click()
      await shown(page, 'Next')
      const article = (title: string) => `article:has-text("${title}")`
      for (const [title, next] of [
        ['Last', 'Next'],
        ['Next', 'One'],
      ] as const) {
        await page.locator(article(title)).focus()
        await page.keyboard.press('s')
        await page.locator('[role=menuitem]:focus').waitFor(WAIT)
        await page.keyboard.press('Enter')
        await page.locator(article(title)).waitFor({ ...WAIT, state: 'detached' })
        await isFocused(page, article(next))
      }
      await page.locator(article('One')).focus()
      await page.keyboard.press('s')
      await page.locator('[role=menuitem]:focus').waitFor(WAIT)
      await page.keyboard.press('Escape')
      await isFocused(page, article('One'))
      expect(errors).toEqual([])
      await close()
    })

    test('an open bell that is shown in place and then as a popover again is open', async () => {
      const { page, errors, close } = await open('hedy')
      await bellOf(page).click()
      await shown(page, 'One')
      const mode = (mode: string) =>
        page
          .locator('notification-bell')
          .evaluate((element, mode) => element.setAttribute('mode', mode), mode)
      await mode('inline')
      await page.getByRole('region', { name: 'Notifications' }).getByText('One').waitFor(WAIT)
      await mode('popover')
      await shown(page, 'One')
      await bellOf(page).click()
      await hidden(page)
      expect(errors).toEqual([])
      await close()
    })
  },
)
