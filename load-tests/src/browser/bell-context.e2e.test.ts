import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

describe.skipIf(!executablePath)(
  `the bell with a context and with a locale${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
    })
    afterAll(() => app?.close())

    test('items, counts, actions and preferences are limited to the context', async () => {
      await app.call('PUT', '/v1/categories/alerts', { name: 'Alerts' })
      await app.call('PUT', '/v1/types/greeting', { category: 'alerts' })
      await app.send('ada', { title: 'Inside', context: 'acme' })
      await app.send('ada', { title: 'Outside' })
      await expect.poll(() => app.inbox('ada'), WAIT).toHaveLength(2)
      const { page, errors, isLive } = await app.openBell(
        await app.browser.newContext(),
        'ada',
        'context="acme"',
      )
      await isLive()
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      await app.send('ada', { title: 'Outside as well', context: 'other' })
      await app.send('ada', { title: 'Inside as well', context: 'acme' })
      await page.getByRole('button', { name: 'Notifications, 2 unread' }).waitFor(WAIT)
      await expect
        .poll(() => page.locator('.toast').allTextContents(), WAIT)
        .toEqual([expect.stringContaining('Inside as well')])

      await page.getByRole('button', { name: 'Notifications, 2 unread' }).press('Enter')
      await page.getByRole('article', { name: 'Inside as well' }).waitFor(WAIT)
      expect(await page.getByRole('article').count()).toBe(2)
      await page.getByRole('button', { name: 'Mark all as read' }).click()
      await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor(WAIT)
      const unread = async () => (await app.inbox('ada', '?status=unread')).map(({ title }) => title)
      await expect.poll(unread, WAIT).toEqual(['Outside as well', 'Outside'])

      await page.getByRole('button', { name: 'Preferences' }).click()
      await page.locator('summary').filter({ hasText: 'Alerts' }).click()
      await page.locator('details[open]').getByRole('switch', { name: 'Inbox' }).click()
      const own = (query: string) => app.call('GET', `/v1/users/ada/preferences${query}`)
      await expect
        .poll(() => own('?context=acme'), WAIT)
        .toEqual({ categories: { alerts: { inbox: false } } })
      expect(await own('')).toEqual({})
      expect(errors).toEqual([])
      await page.context().close()
    })

    test('texts of a locale are loaded under a strict CSP; an unknown locale falls back to English', async () => {
      const context = await app.browser.newContext()
      await app.send('grace', { title: 'Olá' })
      const portuguese = await app.openBell(context, 'grace', 'locale="pt-BR"')
      await portuguese.page.getByRole('button', { name: 'Notificações, 1 não lida' }).press('Enter')
      await portuguese.page.getByRole('button', { name: 'Preferências' }).click()
      await portuguese.page.getByText('O que recebe e onde').waitFor(WAIT)
      const bell = portuguese.page.locator('notification-bell')
      await bell.evaluate((element) => element.setAttribute('locale', 'ja'))
      await portuguese.page.getByText('受け取る内容と方法').waitFor(WAIT)
      const unknown = await app.openBell(context, 'grace', 'locale="no_such"')
      await unknown.page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      expect([...portuguese.errors, ...unknown.errors]).toEqual([])
      await context.close()
    })
  },
)
