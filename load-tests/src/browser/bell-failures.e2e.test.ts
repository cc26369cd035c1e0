import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
const GONE = 'Not saved. It no longer exists.'

describe.skipIf(!executablePath)(
  `changes in the bell that fail, and pages that limit it${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    /** Sends notifications to a user, and opens the panel. Collects the texts of the live region. */
    const openPanel = async (user: string, notifications: object[]) => {
      for (const notification of notifications) await app.send(user, notification)
      const context = await app.browser.newContext()
      const { page, errors, isLive } = await app.openBell(context, user)
      await isLive()
      await page.getByRole('button', { name: `Notifications, ${notifications.length} unread` }).click()
      await page.getByRole('article').first().waitFor(WAIT)
      const live = page.locator('dialog .live')
      const texts: string[] = []
      await page.exposeFunction('announced', (text: string) => texts.push(text))
      await live.evaluate((element) =>
        new MutationObserver(() => Reflect.get(globalThis, 'announced')(element.textContent)).observe(
          element,
          {
            childList: true,
          },
        ),
      )
      return { page, errors, announced: () => texts.join(' ') }
    }
    /** Answers requests of this kind once the hub has deleted their item. */
    const deleteFirst = (page: Page, pattern: string) =>
      page.route(pattern, async (route) => {
        const url = new URL(route.request().url())
        const { authorization = '' } = await route.request().allHeaders()
        const path = url.pathname.split('/').slice(0, 4).join('/')
        await fetch(url.origin + path, { method: 'DELETE', headers: { authorization } })
        await route.continue()
      })

    test('an action on an item that another client deleted is not announced as done', async () => {
      const actions = [{ name: 'yes', label: 'Yes' }]
      const { page, announced } = await openPanel('ada', [{ title: 'Deleted', actions }])
      await deleteFirst(page, '**/actions/*')
      await page.getByRole('button', { name: 'Yes' }).click()
      await expect.poll(announced, WAIT).toContain(GONE)
      await page.locator('.undo').getByText(GONE).waitFor(WAIT)
      expect(await page.locator('.undo button').count()).toBe(0)
      expect(announced()).not.toContain('done')
      await page.context().close()
    })

    test('an undo of an item that another client deleted is not announced as undone', async () => {
      const { page, announced } = await openPanel('grace', [{ title: 'First' }, { title: 'Second' }])
      await page.getByRole('article', { name: 'First' }).press('e')
      await expect.poll(announced, WAIT).toContain('1 archived')
      await deleteFirst(page, '**/v1/inbox/*')
      await page.getByRole('article', { name: 'Second' }).press('z')
      await expect.poll(announced, WAIT).toContain(GONE)
      expect(announced()).not.toContain('Undone')
      await page.context().close()
    })

    test('an undo of "Archive all read" that the hub refuses is explained, and not announced as undone', async () => {
      const { page, announced } = await openPanel('edith', [{ title: 'Read' }])
      await page.getByRole('article', { name: 'Read' }).press('u')
      await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor(WAIT)
      await page.route('**/unarchive-all', (route) => route.continue({ postData: '{"archivedAt":"never"}' }))
      await page.locator('.more-button').click()
      await page.getByRole('menuitem', { name: 'Archive all read' }).click()
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.locator('.undo').getByText('Not saved. The server refused it.').waitFor(WAIT)
      await expect.poll(announced, WAIT).toContain('Not saved. The server refused it.')
      expect(announced()).not.toContain('Undone')
      await page.context().close()
    })

    test('a change that the hub refuses as invalid is explained, and its repetition is announced', async () => {
      const actions = [{ name: 'yes', label: 'Yes' }]
      const { page, announced } = await openPanel('alan', [{ title: 'Refused', actions }])
      await page.route('**/actions/*', (route) =>
        route.fulfill({
          ...{ status: 422, contentType: 'application/problem+json' },
          body: JSON.stringify({ code: 'invalid', detail: 'not so', temporary: false }),
        }),
      )
      await page.getByRole('button', { name: 'Yes' }).click()
      await page.getByRole('alert').getByText('Not saved. The server refused it.').waitFor(WAIT)
      expect(announced()).not.toContain('done')
      await page.unroute('**/actions/*')
      await page.getByRole('button', { name: 'Try again' }).click()
      await expect.poll(announced, WAIT).toContain('Yes: done')
      await page.context().close()
    })

    test('the keys of the list act on the selected items', async () => {
      const { page, announced } = await openPanel('edsger', [{ title: 'A' }, { title: 'B' }, { title: 'C' }])
      const article = page.getByRole('article', { name: 'B' })
      await article.press('Control+a')
      await article.press('e')
      await expect.poll(() => page.getByRole('article').count(), WAIT).toBe(0)
      await expect.poll(announced, WAIT).toContain('3 archived')
      expect(await page.getByRole('toolbar', { name: 'Select' }).count()).toBe(0)
      await page.context().close()
    })

    test('the counts leave out items whose deletion is pending; closing the panel deletes them', async () => {
      const { page } = await openPanel('dorothy', [{ title: 'A' }, { title: 'B' }, { title: 'C' }])
      const counts = () => page.locator('.badge, [role=tab] .count').allTextContents()
      await expect.poll(counts, WAIT).toEqual(['3', '3'])
      await page.getByRole('article', { name: 'B' }).press('Delete')
      await expect.poll(counts, WAIT).toEqual(['2', '2'])
      expect(await app.inbox('dorothy')).toHaveLength(3)
      await page.getByRole('article', { name: 'A' }).press('z')
      await expect.poll(counts, WAIT).toEqual(['3', '3'])
      await page.getByRole('article', { name: 'B' }).press('Delete')
      await expect.poll(() => page.getByRole('article').count(), WAIT).toBe(2)
      await page.keyboard.press('Escape')
      await expect.poll(async () => (await app.inbox('dorothy')).length, WAIT).toBe(2)
      await page.getByRole('button', { name: 'Notifications, 2 unread' }).waitFor(WAIT)
      await page.context().close()
    })

    test('a `renderItem` that throws keeps the default content, and is reported once', async () => {
      const { page, errors } = await openPanel('barbara', [{ title: 'One' }, { title: 'Two' }])
      await page.locator('notification-bell').evaluate((bell) =>
        Object.assign(bell, {
          renderItem() {
            throw new Error('of the app')
          },
        }),
      )
      await expect.poll(() => errors.filter((error) => error.includes('of the app')).length, WAIT).toBe(1)
      await page.getByRole('article', { name: 'One' }).press('u')
      await page.getByRole('button', { name: 'Mark as unread' }).first().waitFor(WAIT)
      await page.getByRole('article', { name: 'Two' }).getByText('Two').waitFor(WAIT)
      expect(errors.filter((error) => error.includes('of the app'))).toHaveLength(1)
      await page.context().close()
    })

    test('long labels of actions wrap in a narrow panel', async () => {
      const actions = [
        { name: 'a', label: 'Approve the request of the finance department', primary: true },
        { name: 'b', label: 'x'.repeat(60) },
      ]
      const { page } = await openPanel('john', [{ title: 'Labels', actions }])
      for (const width of [320, 280]) {
        await page.setViewportSize({ width, height: 640 })
        const cut = await page.locator('article .action').evaluateAll((buttons) => {
          const { right } = buttons[0]!.closest('.text')!.getBoundingClientRect()
          return buttons.filter(
            (button) =>
              button.scrollWidth > button.clientWidth || button.getBoundingClientRect().right > right + 1,
          ).length
        })
        expect(cut).toBe(0)
        const list = page.locator('.scroll')
        expect(await list.evaluate((each) => each.scrollWidth <= each.clientWidth)).toBe(true)
      }
      await page.context().close()
    })

    test('a bell in a frame with an opaque origin has a connection of its own', async () => {
      const token = await app.call<{ token: string }>('POST', '/v1/users/donald/token')
      const context = await app.browser.newContext({ bypassCSP: true })
      app.pages.set(
        '/inner',
        `<notification-bell url="${app.hub.url}" token="${token.token}"></notification-bell>`,
      )
      app.pages.set(
        '/outer',
        '<iframe sandbox="allow-scripts" src="/inner" width="500" height="500"></iframe>',
      )
      const { page, isLive } = await app.open(context, '/outer')
      await isLive()
      const bell = page.frameLocator('iframe').getByRole('button', { name: /^Notifications/ })
      await bell.waitFor(WAIT)
      await app.send('donald', { title: 'Live' })
      await page.frameLocator('iframe').getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      await context.close()
    })
  },
)
