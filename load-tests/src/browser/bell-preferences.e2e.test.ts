import type {} from '@carillon/core/testing/provided'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Hub, startHub } from './hub.ts'
import { tabTo } from './keyboard.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `the preferences of the bell${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let hub: Hub

    beforeAll(async () => {
      hub = await startHub(executablePath!)
      await hub.call('PUT', '/v1/categories/alerts', { name: 'Alerts' })
      const plan = [{ channel: 'email', when: 'always', after: 0 }]
      await hub.call('PUT', '/v1/categories/reports', { name: 'Reports' })
      await hub.call('PUT', '/v1/types/report.ready', {
        category: 'reports',
        content: { title: 'Report' },
      })
      await hub.call('PUT', '/v1/types/alert.raised', {
        category: 'alerts',
        content: { title: 'Alert' },
        plan,
      })
    })
    afterAll(() => hub?.close())

    /** Opens the preferences of a user by keyboard. */
    const open = async (user: string) => {
      const { page, errors } = await hub.openDemo(user)
      await page.getByRole('button', { name: 'Notifications', exact: true }).press('Enter')
      await page.getByRole('dialog', { name: 'Notifications' }).waitFor(WAIT)
      await tabTo(page, page.getByRole('button', { name: 'Preferences' }))
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Preferences' }).waitFor(WAIT)
      const token = await hub.tokenOf(user)
      const own = () => hub.call('GET', '/v1/preferences', undefined, token)
      return { page, errors, token, own }
    }
    const category = (page: Page, name: string) =>
      page.locator('notification-bell').locator('summary').filter({ hasText: name })

    test('by keyboard: the e-mail of a category is turned off, and is no longer sent', async () => {
      const { page, errors, own } = await open('pref-ada')
      const alerts = category(page, 'Alerts')
      await tabTo(page, alerts)
      await page.keyboard.press('Enter')
      const email = page.locator('details[open]').getByRole('combobox', { name: 'E-mail' })
      await tabTo(page, email)
      await page.keyboard.press('End')
      await expect.poll(own, WAIT).toEqual({ categories: { alerts: { email: false } } })
      await expect.poll(() => alerts.textContent(), WAIT).not.toContain('E-mail')
      const id = await hub.send('pref-ada', { type: 'alert.raised' })
      const decisions = async () =>
        (await hub.call('GET', `/v1/notifications/${id}/explain?user=pref-ada`)).decisions ?? []
      await expect
        .poll(decisions, WAIT)
        .toContainEqual(
          expect.objectContaining({ stage: 'preference', channel: 'email', outcome: 'skip', by: 'user' }),
        )

      await page.keyboard.press('Escape')
      await page.getByRole('dialog', { name: 'Notifications' }).waitFor(WAIT)
      const button = page.getByRole('button', { name: 'Preferences' })
      await expect.poll(() => button.evaluate((element) => element.matches(':focus')), WAIT).toBe(true)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ ...WAIT, state: 'detached' })
      expect(errors).toEqual([])
      await page.close()
    })

    test('by keyboard: quiet hours are saved with their days and times', async () => {
      await hub.call('PUT', '/v1/users/pref-grace', { timezone: 'Europe/Lisbon' })
      const { page, errors, own } = await open('pref-grace')
      const quiet = page.getByRole('switch', { name: 'Quiet hours' })
      await page.getByText('Times in Europe/Lisbon').waitFor(WAIT)
      await tabTo(page, quiet)
      await page.keyboard.press('Space')
      await expect.poll(async () => (await own()).quietHours?.days.sun, WAIT).toEqual([['22:00', '07:00']])
      await tabTo(page, page.getByLabel('From', { exact: true }))
      await page.keyboard.type('1130PM')
      const sunday = page.getByRole('button', { name: 'Sun', exact: true })
      await tabTo(page, sunday)
      await page.keyboard.press('Space')
      const days = async () => (await own()).quietHours.days
      await expect.poll(days, WAIT).toMatchObject({ mon: [['23:30', '07:00']], sun: [] })
      expect(await sunday.getAttribute('aria-pressed')).toBe('false')
      expect(errors).toEqual([])
      await page.close()
    })

    test('a change that is refused is undone, explained, and saved on request', async () => {
      const { page, own } = await open('pref-mary')
      await page.route('**/v1/preferences', (route) =>
        route.fulfill({
          ...{ status: 403, contentType: 'application/problem+json' },
          body: JSON.stringify({ code: 'forbidden', detail: 'not today', temporary: false }),
        }),
      )
      await category(page, 'Alerts').click()
      const inbox = page.locator('details[open]').getByRole('switch', { name: 'Inbox' })
      await inbox.click()
      await page.getByRole('alert').getByText('Not saved. The server refused it.').waitFor(WAIT)
      await expect.poll(() => inbox.isChecked(), WAIT).toBe(true)
      expect(await own()).toEqual({})
      await page.unroute('**/v1/preferences')
      await page.getByRole('button', { name: 'Try again' }).press('Enter')
      await expect.poll(own, WAIT).toEqual({ categories: { alerts: { inbox: false } } })
      expect(await inbox.isChecked()).toBe(false)
      await page.getByRole('alert').waitFor({ ...WAIT, state: 'detached' })
      await page.close()
    })

    test('categories have tabs with their counts; all read items are archived', async () => {
      const user = 'pref-linus'
      for (const type of ['alert.raised', 'alert.raised', 'report.ready']) await hub.send(user, { type })
      const { page } = await hub.openDemo(user)
      await page.getByRole('button', { name: 'Notifications, 3 unread' }).press('Enter')
      const items = () => page.getByRole('article').count()
      const tab = (name: string) => page.getByRole('tab', { name, exact: true })
      await tab('Alerts , 2 unread').click()
      await expect.poll(items, WAIT).toBe(2)
      await page.getByRole('article').first().press('u')
      await tab('Alerts , 1 unread').waitFor(WAIT)
      await tab('Unread , 2 unread').waitFor(WAIT)
      await page.getByRole('button', { name: 'More' }).first().click()
      await page.getByRole('menuitem', { name: 'Archive all read' }).click()
      await expect.poll(items, WAIT).toBe(1)
      await page.getByRole('button', { name: 'Undo' }).click()
      await expect.poll(items, WAIT).toBe(2)
      await page.getByRole('button', { name: 'More' }).first().click()
      await page.getByRole('menuitem', { name: 'Archive all read' }).click()
      await expect.poll(items, WAIT).toBe(1)
      await tab('Reports , 1 unread').click()
      await page.getByRole('article', { name: 'Report' }).waitFor(WAIT)
      await tab('Unread , 2 unread').press('ArrowLeft')
      await expect.poll(items, WAIT).toBe(2)
      await tab('Archived').click()
      await expect.poll(items, WAIT).toBe(1)
      await page.close()
    })

    test('a pause by another device is shown', async () => {
      const { page, errors, token, own } = await open('pref-hedy')
      const pause = page.getByRole('combobox', { name: 'Pause everything' })
      await pause.waitFor(WAIT)
      await hub.call('PATCH', '/v1/preferences', { muted: true, topics: { 'post-7': false } }, token)
      const chosen = () =>
        pause.evaluate((select) => (select as HTMLSelectElement).selectedOptions[0]?.textContent)
      await expect.poll(chosen, WAIT).toBe('Until I turn it back on')
      await page.getByRole('button', { name: 'Turn on: post-7' }).click()
      await pause.selectOption('Not paused')
      await expect.poll(own, WAIT).toEqual({})
      expect(errors).toEqual([])
      await page.close()
    })
  },
)
