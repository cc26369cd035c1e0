import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `announcements${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
      for (const display of ['inline', 'banner', 'modal'])
        await app.call('PUT', `/v1/types/notice.${display}`, { display })
    })
    afterAll(() => app?.close())

    const banner = (page: Page, title: string) => page.locator('.banner').getByRole('group', { name: title })
    const dismiss = { name: 'Dismiss' }

    test('a banner that is dismissed in one tab is archived, and disappears from other tabs and browsers', async () => {
      const context = await app.browser.newContext()
      const pages = [
        await app.openBell(context, 'ada'),
        await app.openBell(context, 'ada'),
        await app.openBell(await app.browser.newContext(), 'ada'),
      ]
      await app.send('ada', { type: 'notice.banner', title: 'Maintenance', body: 'On **Sunday**' })
      for (const { page } of pages) await banner(page, 'Maintenance').waitFor(WAIT)
      const [{ page }] = pages as [(typeof pages)[0]]
      expect(await page.locator('.toast').count()).toBe(0)
      await banner(page, 'Maintenance').getByRole('button', dismiss).click()
      for (const { page } of pages) await banner(page, 'Maintenance').waitFor({ ...WAIT, state: 'hidden' })
      await expect
        .poll(async () => (await app.inbox('ada', '?status=archived')).map(({ title }) => title), WAIT)
        .toEqual(['Maintenance'])
      expect(pages.flatMap(({ errors }) => errors)).toEqual([])
      const later = await app.openBell(context, 'ada')
      await later.page.getByRole('button', { name: 'Notifications', exact: true }).waitFor(WAIT)
      expect(await banner(later.page, 'Maintenance').count()).toBe(0)
      await context.close()
    })

    test('a banner that came before many other items is shown to a user who was away', async () => {
      await app.send('margaret', { type: 'notice.banner', title: 'While you were away' })
      await expect.poll(async () => (await app.inbox('margaret')).length, WAIT).toBe(1)
      for (let n = 0; n < 30; n++) await app.send('margaret', { title: `Item ${n}` })
      await expect.poll(async () => (await app.inbox('margaret', '?limit=100')).length, WAIT).toBe(31)
      const { page, errors } = await app.openBell(await app.browser.newContext(), 'margaret')
      await banner(page, 'While you were away').waitFor(WAIT)
      await banner(page, 'While you were away').getByRole('button', dismiss).click()
      await banner(page, 'While you were away').waitFor({ ...WAIT, state: 'hidden' })
      await expect.poll(async () => (await app.inbox('margaret', '?status=archived')).length, WAIT).toBe(1)
      expect(errors).toEqual([])
      await page.context().close()
    })

    test('a banner is shown where the page places it, and only there', async () => {
      await app.send('grace', { type: 'notice.banner', title: 'In place', url: 'https://example.com/more' })
      const { url } = app.hub
      app.pages.set(
        '/two',
        `<notification-bell id="bell" url="${url}" token-url="/token/grace"></notification-bell>
         <main><notification-bell id="banner" mode="banner"></notification-bell></main>
         <script type="module" src="/two.js"></script>`,
      )
      app.answers.set('/two.js', (response) =>
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(`
          import { createClient } from '${url}/bell.js'
          const token = async () => (await (await fetch('/token/grace')).json()).token
          bell.client = banner.client = createClient({ url: '${url}', token })`),
      )
      const context = await app.browser.newContext()
      const { page, errors, isLive } = await app.open(context, '/two')
      await isLive()
      await page.locator('#banner').getByRole('group', { name: 'In place' }).waitFor(WAIT)
      expect(await page.locator('#bell .banner').count()).toBe(0)
      await app.send('grace', { title: 'One toast' })
      await page.locator('.toast', { hasText: 'One toast' }).waitFor(WAIT)
      expect(await page.locator('.toast').count()).toBe(1)

      await context.route('https://example.com/**', (route) => route.fulfill({ body: 'There' }))
      await page.getByRole('link', { name: 'In place' }).click()
      await page.waitForURL('https://example.com/more')
      await expect
        .poll(async () => (await app.inbox('grace')).find(({ title }) => title === 'In place'), WAIT)
        .toMatchObject({ clickedAt: expect.any(String), readAt: expect.any(String) })
      expect(errors).toEqual([])
      await context.close()
    })

    test('a dialog waits while the user types and while another dialog is open, and an action closes it', async () => {
      const context = await app.browser.newContext()
      const path = '/typing'
      app.pages.set(
        path,
        `<notification-bell url="${app.hub.url}" token-url="/token/alan"></notification-bell>
         <input aria-label="Search"><dialog id="own"><button>Fine</button></dialog>`,
      )
      const { page, errors } = await app.open(context, path)
      await page.getByRole('button', { name: 'Notifications' }).waitFor(WAIT)
      const search = page.getByRole('textbox', { name: 'Search' })
      await search.pressSequentially('abc')
      await app.send('alan', {
        type: 'notice.modal',
        title: 'New terms',
        actions: [{ name: 'accept', label: 'Accept', primary: true }],
      })
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      const modal = page.getByRole('dialog', { name: 'New terms' })
      await page.evaluate(() => document.querySelector<HTMLDialogElement>('#own')?.showModal())
      // Longer than the pause after typing. The dialog of the page is still open.
      await page.waitForTimeout(6_500)
      expect(await modal.count()).toBe(0)
      await page.evaluate(() => document.querySelector<HTMLDialogElement>('#own')?.close())
      await modal.waitFor(WAIT)
      await modal.getByRole('button', { name: 'Accept' }).click()
      await modal.waitFor({ ...WAIT, state: 'hidden' })
      await expect
        .poll(async () => (await app.inbox('alan', '?status=archived'))[0], WAIT)
        .toMatchObject({ title: 'New terms', acted: { accept: expect.any(String) } })
      expect(errors).toEqual([])
      await context.close()
    })

    test('Escape dismisses a dialog, and the next one is shown', async () => {
      const context = await app.browser.newContext()
      await app.send('edsger', { type: 'notice.modal', title: 'First' })
      await app.send('edsger', { type: 'notice.modal', title: 'Second' })
      const { page, errors } = await app.openBell(context, 'edsger', 'mode="page"')
      const modal = (name: string) => page.getByRole('dialog', { name })
      await modal('Second').waitFor(WAIT)
      expect(await modal('First').count()).toBe(0)
      await page.keyboard.press('Escape')
      await modal('First').waitFor(WAIT)
      await page.keyboard.press('Escape')
      await modal('First').waitFor({ ...WAIT, state: 'hidden' })
      await expect.poll(async () => (await app.inbox('edsger')).length, WAIT).toBe(0)
      expect(errors).toEqual([])
      await context.close()
    })

    test('an inline announcement is a card above the list, and can be restored', async () => {
      const context = await app.browser.newContext()
      await app.send('barbara', { type: 'notice.inline', title: 'Read this' })
      await app.send('barbara', { title: 'Usual' })
      const { page, errors } = await app.openBell(context, 'barbara')
      await page.getByRole('button', { name: 'Notifications, 2 unread' }).click(WAIT)
      const card = page.getByRole('group', { name: 'Read this' })
      await card.waitFor(WAIT)
      expect(await page.getByRole('article').count()).toBe(1)
      await card.getByRole('button', dismiss).click()
      await card.waitFor({ ...WAIT, state: 'hidden' })
      await page.getByRole('button', { name: 'Undo' }).click()
      await card.waitFor(WAIT)
      expect(errors).toEqual([])
      await context.close()
    })

    test('an inline announcement is a row of the list until its code can be loaded', async () => {
      const context = await app.browser.newContext()
      const isCode = /\/chunks\/card-/
      await context.route(isCode, (route) => route.abort())
      await app.send('radia', { type: 'notice.inline', title: 'Read this' })
      const { page, isLive } = await app.openBell(context, 'radia')
      await isLive()
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).click(WAIT)
      await page.getByRole('article', { name: 'Read this' }).waitFor(WAIT)
      await context.unroute(isCode)
      // The next change of the list tries again.
      await app.send('radia', { title: 'Usual' })
      await page.getByRole('group', { name: 'Read this' }).waitFor(WAIT)
      await context.close()
    })
  },
)
