import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { mailServer } from '../delivery/stand-ins/mail.ts'
import { type Hub, startHub } from './hub.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `the demo page in Chromium${executablePath ? '' : ' (not installed)'}`,
  () => {
    let hub: Hub

    beforeAll(async () => {
      hub = await startHub(executablePath!)
    })
    afterAll(() => hub?.close())

    const bell = (page: Page, label: string) =>
      page.getByRole('button', { name: label, exact: true }).waitFor(WAIT)
    const send = async (page: Page, to: string, title: string) => {
      await page.getByLabel('User id', { exact: true }).fill(to)
      await page.getByLabel('Title').fill(title)
      await page.getByRole('button', { name: 'Send', exact: true }).click()
    }

    test('a notification rings another user’s bell, and remains after a reload and a `kill -9`', async () => {
      const ada = await hub.openDemo('ada')
      const grace = await hub.openDemo('grace')
      await bell(grace.page, 'Notifications')
      await send(ada.page, 'grace', 'Lunch?')
      await bell(grace.page, 'Notifications, 1 unread')

      await grace.page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
      await grace.page.getByRole('dialog', { name: 'Notifications' }).getByText('Lunch?').waitFor(WAIT)
      await grace.page.reload()
      await bell(grace.page, 'Notifications, 1 unread')
      expect([...ada.errors, ...grace.errors]).toEqual([])

      await hub.server.kill()
      await hub.server.restart()
      await grace.page.locator('#connection[data-state=live]').waitFor(WAIT)
      await bell(grace.page, 'Notifications, 1 unread')
      await send(ada.page, 'grace', 'Still there?')
      await bell(grace.page, 'Notifications, 2 unread')
      await grace.page.close()
      await ada.page.close()
    })

    test('reading in one tab updates the other', async () => {
      const [one, two] = [await hub.openDemo('linus'), await hub.openDemo('linus')]
      await send(one.page, 'linus', 'Note to self')
      for (const { page } of [one, two]) await bell(page, 'Notifications, 1 unread')
      await one.page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
      await one.page.getByRole('button', { name: 'Mark all as read' }).click()
      for (const { page } of [one, two]) await bell(page, 'Notifications')
      await one.page.keyboard.press('Escape')
      await one.page.getByRole('dialog').waitFor({ ...WAIT, state: 'detached' })
      const focused = () => document.activeElement?.shadowRoot?.activeElement?.getAttribute('aria-haspopup')
      await expect.poll(() => one.page.evaluate(focused)).toBe('dialog')
      expect([...one.errors, ...two.errors]).toEqual([])
    })

    test('by keyboard: move, archive, undo, select, end the selection, and close', async () => {
      const { page, errors } = await hub.openDemo('mary')
      for (const title of ['First', 'Second', 'Third']) await send(page, 'mary', title)
      await bell(page, 'Notifications, 3 unread')
      await page.getByRole('button', { name: 'Notifications, 3 unread' }).press('Enter')
      const item = (name: string) => page.getByRole('article', { name })
      const isFocused = (name: string) =>
        expect.poll(() => item(name).evaluate((article) => article.matches(':focus')), WAIT).toBe(true)
      await item('Third').focus()
      await page.keyboard.press('ArrowDown')
      await isFocused('Second')
      await page.keyboard.press('e')
      await item('Second').waitFor({ ...WAIT, state: 'detached' })
      await isFocused('First')
      await page.keyboard.press('z')
      await item('Second').waitFor(WAIT)
      await page.keyboard.press('x')
      await page.getByText('1 selected').waitFor(WAIT)
      // The first Escape ends the selection.
      await page.keyboard.press('Escape')
      await page.getByText('1 selected').waitFor({ ...WAIT, state: 'detached' })
      await isFocused('First')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ ...WAIT, state: 'detached' })
      expect(errors).toEqual([])
      await page.close()
    })

    const plan = (page: Page, name: string) => page.getByLabel('When they are away').selectOption(name)
    const captured = (page: Page, name: string) =>
      page.getByRole('region', { name: 'Also sent' }).getByRole('button', { name })

    const PATCHES = '**/v1/inbox/*'
    /** Opens a bell with one item. Returns a function that reads the item from the hub. */
    const withItem = async (user: string, title: string) => {
      const { page } = await hub.openDemo(user)
      await send(page, user, title)
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
      const item = page.getByRole('article', { name: title })
      const tool = item.getByRole('button', { name: 'Mark as read' })
      await tool.waitFor(WAIT)
      const token = await hub.tokenOf(user)
      const readAt = async () => (await hub.call('GET', '/v1/inbox', undefined, token)).items[0].readAt
      return { page, item, tool, readAt }
    }

    test('an action that the hub refuses is rolled back and explained', async () => {
      const { page, tool } = await withItem('barbara', 'Refused')
      const answer = { status: 403, contentType: 'application/problem+json' }
      const body = JSON.stringify({ code: 'forbidden', detail: 'not today', temporary: false })
      await page.route(PATCHES, (route) => route.fulfill({ ...answer, body }))
      await tool.click()
      await page.getByRole('alert').getByText('Not saved. The server refused it.').waitFor(WAIT)
      await tool.waitFor(WAIT)
      await page.close()
    })

    test('an action during an outage is kept and completed when the hub returns', async () => {
      const { page, item, tool, readAt } = await withItem('katherine', 'Patience')
      await page.route(PATCHES, (route) => route.abort())
      await tool.click()
      await item.getByRole('button', { name: 'Mark as unread' }).waitFor(WAIT)
      expect(await readAt()).toBeNull()
      await page.unroute(PATCHES)
      await expect.poll(readAt, WAIT).not.toBeNull()
      await page.close()
    })

    test('a closed page sends its queued actions', async () => {
      const { page, tool, readAt } = await withItem('dorothy', 'Leaving')
      await page.route(PATCHES, (route) => route.abort())
      const failed = page.waitForEvent('requestfailed')
      await tool.click()
      await failed
      await page.unroute(PATCHES)
      await page.goto('about:blank')
      await expect.poll(readAt, WAIT).not.toBeNull()
      await page.close()
    })

    test('a type is sent in the language of the reader; the page shows a preference and its effect', async () => {
      const { page, errors } = await hub.openDemo('grace')
      const email = page.getByRole('switch', { name: 'Orders, E-mail' })
      await email.waitFor(WAIT)
      await page.getByRole('tab', { name: 'Deutsch' }).click()
      const texts = page.getByRole('tabpanel', { name: 'Deutsch' })
      await texts.getByText('Ihre Bestellung 4711 ist unterwegs').waitFor(WAIT)
      const saved = page.waitForResponse((response) => response.url().endsWith('/v1/preferences'))
      await email.uncheck()
      expect((await saved).ok()).toBe(true)
      await page.getByRole('button', { name: 'Send it to me' }).click()
      await page
        .getByRole('list', { name: 'The last one you sent, explained' })
        .getByText('stored')
        .waitFor(WAIT)
      await page.getByRole('button', { name: /^Notifications/ }).click()
      await page.getByRole('article', { name: 'Bestellung 4711 ist unterwegs' }).waitFor(WAIT)
      await page.reload()
      await email.waitFor(WAIT)
      expect(await email.isChecked()).toBe(false)
      expect(errors).toEqual([])
      await page.close()
    })

    test('messages to a user who is away are shown on the demo page and can be opened', async () => {
      const { page, errors } = await hub.openDemo('ada')
      await page.getByText('Nothing yet').waitFor(WAIT)
      await plan(page, 'Push at once if offline, e-mail if unread after 15 s')
      await send(page, 'hedy', 'Anybody home?')
      await captured(page, 'Anybody home?: Push to hedy').waitFor(WAIT)
      await page.getByText('Not sent: no device is registered').waitFor(WAIT)
      // The skipped push made the e-mail due at once, but there is no e-mail address either.
      await page.getByText('Not sent: no e-mail address is known').waitFor(WAIT)

      await plan(page, 'E-mail if unread after 10 s')
      await send(page, 'grace', 'Dinner?')
      const mail = captured(page, 'Dinner?: E-mail to grace@example.com (grace)')
      await mail.waitFor(WAIT)
      await mail.click()
      const dialog = page.getByRole('dialog', { name: 'Dinner?' })
      await dialog.waitFor(WAIT)
      expect(await dialog.textContent()).not.toContain('undefined')
      const frame = dialog.frameLocator('iframe[title="E-mail: Dinner?"]')
      await frame.getByRole('heading', { name: 'Dinner?' }).waitFor(WAIT)
      await dialog.getByRole('tab', { name: 'HTML' }).press('ArrowRight')
      await dialog.getByRole('tabpanel', { name: 'Text' }).getByText('Dinner?').waitFor(WAIT)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ ...WAIT, state: 'hidden' })
      await expect.poll(() => mail.evaluate((button) => document.activeElement === button), WAIT).toBe(true)

      await page.reload()
      await mail.waitFor(WAIT)
      expect(errors).toEqual([])
      await hub.server.restart()
      await page.reload()
      await mail.waitFor(WAIT)
      await page.getByText('Not sent: no device is registered').waitFor(WAIT)
      await page.close()
    })

    test('a message that cannot be sent shows the reason and the next attempt, and later that it was sent', async () => {
      const mail = await mailServer({ plain: true })
      try {
        const { page, errors } = await hub.openDemo('ada')
        const { provider, config } = mail.account
        await hub.call('PUT', '/v1/providers/mail', { provider, config })
        await hub.send('grace', {
          title: 'By mail',
          priority: 'critical',
          plan: [{ channel: 'email', when: 'always' }],
        })
        await page.getByText(/^Waits: .*set tls to "none".*\(mail\)\. Next attempt at \d/).waitFor(WAIT)
        await hub.call('PUT', '/v1/providers/mail', { provider, config: { ...config, tls: 'none' } })
        await page.getByText('Sent by the account mail').waitFor(WAIT)
        await page.getByText(/^Waits: /).waitFor({ ...WAIT, state: 'detached' })
        expect(mail.accepted).toHaveLength(1)
        expect(errors).toEqual([])
        await page.close()
        await hub.call('DELETE', '/v1/providers/mail')
      } finally {
        await mail.close()
      }
    })

    test('an item that is read before the delay is not sent elsewhere', async () => {
      const { token } = await hub.call('POST', '/demo/token', { user: 'alan' })
      const id = await hub.send('alan', {
        title: 'Quick',
        plan: [{ channel: 'email', when: 'unread', after: 2 }],
      })
      const inbox = async () => (await hub.call('GET', '/v1/inbox', undefined, token)).items
      await expect.poll(inbox, WAIT).toHaveLength(1)
      const [item] = await inbox()
      await hub.call('PATCH', `/v1/inbox/${item.id}`, { read: true }, token)
      const deliveries = async () => (await hub.call('GET', `/v1/notifications/${id}/deliveries`)).deliveries
      await expect
        .poll(deliveries, WAIT)
        .toContainEqual(expect.objectContaining({ channel: 'email', state: 'skipped', reason: 'read' }))
      const { captured } = await hub.call('GET', '/demo/captured.json')
      expect(captured.filter((message: { notification: string }) => message.notification === id)).toEqual([])
    })
  },
)
