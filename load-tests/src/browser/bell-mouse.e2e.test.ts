import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `the bell by mouse and keyboard${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    test('a group unfolds, is read and archived as a whole while folded, and item by item while unfolded', async () => {
      await app.call('PUT', '/v1/types/comment', { group: 'post' })
      for (const title of ['First', 'Second', 'Third', 'Fourth'])
        await app.send('ada', { type: 'comment', title })
      await app.send('ada', { title: 'Alone' })
      const context = await app.browser.newContext()
      const { page, errors } = await app.openBell(context, 'ada')
      await page.getByRole('button', { name: 'Notifications, 5 unread' }).click(WAIT)
      const articles = page.getByRole('article')
      const titles = () => articles.locator('.title').allTextContents()
      await articles.nth(1).waitFor(WAIT)
      expect((await titles()).map((title) => title.trim())).toEqual(['Alone', 'Fourth'])

      await page.getByRole('button', { name: 'Show all' }).click()
      await articles.nth(4).waitFor(WAIT)
      // By keyboard: down to the second member, and archive it alone.
      await articles.nth(1).focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('e')
      await page.getByRole('article', { name: 'Second' }).waitFor({ ...WAIT, state: 'detached' })
      await expect.poll(async () => (await app.inbox('ada', '?flat=true')).length, WAIT).toBe(4)
      await page.keyboard.press('z')
      await page.getByRole('article', { name: 'Second' }).waitFor(WAIT)

      await page.getByRole('button', { name: 'Show less' }).click()
      await articles.nth(2).waitFor({ ...WAIT, state: 'detached' })
      await page.getByRole('article', { name: 'Fourth' }).focus()
      await page.keyboard.press('u')
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      await page.keyboard.press('e')
      await page.locator('.undo', { hasText: '4 archived' }).waitFor(WAIT)
      await expect.poll(async () => (await app.inbox('ada', '?flat=true')).length, WAIT).toBe(1)
      await page.keyboard.press('z')
      await expect.poll(async () => (await app.inbox('ada', '?flat=true')).length, WAIT).toBe(5)
      expect(errors).toEqual([])
      await context.close()
    })

    test('Shift selects a range; a right click opens nothing; a middle click is reported', async () => {
      for (const title of ['One', 'Two', 'Three', 'Four'])
        await app.send('grace', { title, url: 'https://example.com/' })
      const context = await app.browser.newContext()
      await context.route('https://example.com/**', (route) => route.fulfill({ body: 'There' }))
      const { page, errors } = await app.openBell(context, 'grace')
      await page.getByRole('button', { name: 'Notifications, 4 unread' }).click(WAIT)
      const item = (title: string) => page.getByRole('article', { name: title, exact: true })
      await item('One').waitFor(WAIT)
      await item('Four').getByRole('link').click({ button: 'right' })
      const opened = context.waitForEvent('page')
      await item('Three').getByRole('link').click({ button: 'middle' })
      await (await opened).close()
      await expect
        .poll(async () => (await app.inbox('grace')).filter(({ clickedAt }) => clickedAt).length, WAIT)
        .toBe(1)
      expect((await app.inbox('grace')).filter(({ readAt }) => readAt).map(({ title }) => title)).toEqual([
        'Three',
      ])

      await item('Four').locator('.pick').click()
      await item('Two')
        .locator('input')
        .click({ modifiers: ['Shift'] })
      await page.getByText('3 selected').waitFor(WAIT)
      await page.getByRole('toolbar').getByRole('button', { name: 'Archive' }).click()
      await expect
        .poll(async () => (await app.inbox('grace')).map(({ title }) => title), WAIT)
        .toEqual(['One'])
      expect(errors).toEqual([])
      await context.close()
    })

    test('a new item rings in one of two tabs, once the user has clicked in it; the choice is remembered', async () => {
      const context = await app.browser.newContext()
      // Counts the notes that are played.
      await context.addInitScript(() => {
        const { start } = OscillatorNode.prototype
        Object.assign(globalThis, { notes: 0 })
        OscillatorNode.prototype.start = function (...args) {
          Reflect.set(globalThis, 'notes', Reflect.get(globalThis, 'notes') + 1)
          return start.apply(this, args)
        }
      })
      const tabs = [await app.openBell(context, 'linus'), await app.openBell(context, 'linus')]
      const [first, second] = tabs as [(typeof tabs)[0], (typeof tabs)[0]]
      const notes = async () => {
        const counts = await Promise.all(
          tabs.map(({ page }) => page.evaluate(() => Reflect.get(globalThis, 'notes') as number)),
        )
        return counts.reduce((sum, count) => sum + count, 0)
      }
      const choose = async () => {
        await second.page.getByRole('button', { name: 'Notifications' }).click(WAIT)
        await second.page.locator('.more-button').click(WAIT)
        await second.page.getByRole('menuitemcheckbox', { name: 'Sound' }).click(WAIT)
        await second.page.keyboard.press('Escape')
      }
      await first.page.getByText('Below').click()
      await choose()
      // Turning the sound on plays its two notes.
      await expect.poll(notes, WAIT).toBe(2)
      const ring = async (title: string, silent?: 'silent') => {
        await app.send('linus', { title, ...(silent && { inbox: silent }) })
        const arrived = async () =>
          (await app.inbox('linus')).some((item) => item.title === title && item.receivedAt)
        await expect.poll(arrived, WAIT).toBe(true)
      }
      await ring('Quiet', 'silent')
      await ring('Loud')
      await expect.poll(notes, WAIT).toBe(4)
      await choose()
      await ring('Off')
      await first.page.getByRole('button', { name: 'Notifications, 3 unread' }).waitFor(WAIT)
      expect(await notes()).toBe(4)
      expect(tabs.flatMap(({ errors }) => errors)).toEqual([])
      await context.close()
    })

    test('the badge pulses when it grows, not when it is loaded', async () => {
      await app.send('barbara', { title: 'One' })
      const context = await app.browser.newContext()
      const { page, errors, isLive } = await app.openBell(context, 'barbara')
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      await isLive()
      expect(await page.locator('.badge.pulse').count()).toBe(0)
      await app.send('barbara', { title: 'Two' })
      await page.locator('.badge.pulse', { hasText: '2' }).waitFor(WAIT)
      expect(errors).toEqual([])
      await context.close()
    })

    test('the panel closes when it loses the focus; the title and the icon of the page show the unread count', async () => {
      await app.send('alan', { title: 'One' })
      const context = await app.browser.newContext()
      const { page, errors } = await app.openBell(context, 'alan', 'title-badge favicon-badge="/unread.svg"')
      app.answers.set('/unread.svg', app.answers.get('/icon.svg')!)
      await expect.poll(() => page.title(), WAIT).toBe('(1) App')
      const icons = () =>
        page.evaluate(() =>
          [...document.querySelectorAll('link[rel=icon]')].map((each) => each.getAttribute('href')),
        )
      await expect.poll(icons, WAIT).toEqual(['/unread.svg'])
      await page.evaluate(() => {
        document.title = 'Orders'
      })
      await expect.poll(() => page.title(), WAIT).toBe('(1) Orders')

      await page.getByRole('button', { name: 'Notifications, 1 unread' }).focus()
      await page.keyboard.press('Enter')
      const panel = page.getByRole('dialog', { name: 'Notifications' })
      await panel.getByRole('article').waitFor(WAIT)
      await panel.getByRole('button', { name: 'Mark all as read' }).focus()
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Shift+Tab')
      await panel.waitFor({ ...WAIT, state: 'hidden' })

      await page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
      await panel.getByRole('button', { name: 'Mark all as read' }).click()
      await expect.poll(() => page.title(), WAIT).toBe('Orders')
      await expect.poll(icons, WAIT).toEqual(['/icon.svg'])
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
