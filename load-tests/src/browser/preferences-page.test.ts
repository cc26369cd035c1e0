import { makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import type {} from '@carillon/core/testing/provided'
import { openHub, type TestHub, type TestTenant } from '@carillon/hub/testing/hub'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { launchChromium } from './chromium.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
/** A folder for screenshots of the page. */
const PICTURES = process.env.PICTURES

describe.skipIf(!executablePath)(
  `the preferences page in Chromium${executablePath ? '' : ' (not installed)'}`,
  () => {
    let hub: TestHub
    let base: string
    let browser: Browser
    let tenant: TestTenant

    beforeAll(async () => {
      hub = await openHub()
      base = `http://127.0.0.1:${(await hub.hub.listen(0, '127.0.0.1')).port}`
      browser = await launchChromium(executablePath!)
    })
    afterAll(async () => {
      await browser?.close()
      await hub?.close()
    })
    beforeEach(async () => {
      tenant = await hub.tenant()
      const put = (path: string, body: unknown) => hub.call('PUT', path, { token: tenant.key, body })
      await put('/v1/types/order.shipped', {
        ...{ name: 'Order shipped', category: 'orders' },
        plan: [
          { channel: 'email', when: 'always', after: 0 },
          { channel: 'push', when: 'always', after: 0 },
          { channel: 'sms', when: 'always', after: 0 },
        ],
      })
      await put('/v1/types/order.delayed', { name: 'Order delayed', category: 'orders' })
      await put('/v1/types/invoice', { name: 'Invoice', category: 'billing' })
      await put('/v1/types/survey', { name: 'Survey' })
      await put('/v1/categories/orders', {
        ...{ name: 'Orders', description: 'What happens to your orders' },
        locales: { de: { name: 'Bestellungen' }, ar: { name: 'الطلبات' }, ja: { name: '注文' } },
      })
      await put('/v1/categories/billing', { name: 'Billing', optOut: false })
      await put('/v1/tenant', { name: 'Acme', colors: { primary: '#0f766e' } })
    })

    const link = async ({ seconds = 3_600, ...who }: { seconds?: number; user?: undefined } = {}) => {
      const owner = { tenant: tenant.id, user: 'ada', ...who }
      return makePreferencesUrl(hub.ports.seal, base, owner, { seconds, now: Date.now() })
    }
    const unfold = (page: Page, name: string) =>
      page.locator('summary').getByText(name, { exact: true }).click()

    /** Opens a page. Any console error, such as a violation of the content security policy, fails the test. */
    const open = async (url: string, options: BrowserContextOptions = {}) => {
      const context = await browser.newContext({ locale: 'en-GB', ...options })
      const page = await context.newPage()
      const errors: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text())
      })
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(url)
      await page.getByRole('heading', { level: 1 }).waitFor(WAIT)
      return { page, errors }
    }
    const stored = async () =>
      (await hub.call('GET', '/v1/users/ada/preferences', { token: tenant.key })).json
    const status = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor(WAIT)

    test('takes the token out of the address and the history at once, and keeps it nowhere', async () => {
      const url = await link()
      const { page, errors } = await open(url)
      expect(page.url()).toBe(`${base}/preferences`)
      expect(await page.evaluate('history.length')).toBe(2)
      await page.goto('about:blank')
      await page.goBack()
      await page.getByRole('heading', { level: 1 }).waitFor(WAIT)
      expect(page.url()).toBe(`${base}/preferences`)
      const kept = await page.evaluate(
        'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
      )
      expect(kept).toBe('[{},{},""]')
      expect(errors.filter((error) => !error.includes('401'))).toEqual([])
      await page.context().close()
    })

    test('changes a choice by keyboard, says that it is saved, and who decides', async () => {
      const { page, errors } = await open(await link())
      await unfold(page, 'Orders')
      const email = page.getByRole('group', { name: 'Orders' }).getByRole('combobox', { name: 'E-mail' })
      await email.focus()
      await page.keyboard.press('ArrowUp')
      await status(page, 'Saved')
      expect(await stored()).toEqual({ categories: { orders: { email: false } } })
      expect(await email.inputValue()).toBe('off')
      expect(await email.evaluate('document.activeElement.tagName')).toBe('SELECT')
      await page
        .locator(`#${await email.getAttribute('aria-describedby')}`)
        .getByText('Your choice')
        .waitFor(WAIT)
      await unfold(page, 'Order shipped')
      const ofType = page.getByRole('group', { name: 'Order shipped' })
      await ofType.getByText('As for the whole category').waitFor(WAIT)
      expect(await ofType.getByRole('combobox', { name: 'E-mail' }).inputValue()).toBe('off')
      await ofType.getByRole('combobox', { name: 'E-mail' }).selectOption({ label: 'Daily' })
      await expect.poll(stored, WAIT).toEqual({
        categories: { orders: { email: false } },
        types: { 'order.shipped': { email: 'daily' } },
      })
      const billing = page.locator('section', { has: page.getByRole('heading', { name: 'Billing' }) })
      await billing.getByText('Always on · Inbox · Push · E-mail').waitFor(WAIT)
      expect(await billing.getByRole('combobox').count()).toBe(0)
      expect(errors).toEqual([])
      await page.context().close()
    })

    test('several quick changes are all saved; the master switch comes back off and on', async () => {
      const { page } = await open(await link())
      for (const name of ['E-mail', 'Push', 'Text message'])
        await page.getByRole('group', { name: 'Channels' }).getByRole('switch', { name }).click()
      await status(page, 'Saved')
      await expect.poll(stored, WAIT).toEqual({ channels: { email: false, push: false, sms: false } })
      await page.getByRole('group', { name: 'Channels' }).getByRole('switch', { name: 'Push' }).click()
      await page.getByRole('switch', { name: 'Pause everything' }).click()
      await expect.poll(stored, WAIT).toEqual({ muted: true, channels: { email: false, sms: false } })
      await page.context().close()
    })

    test('quiet hours are changed day by day, and keep the defaults of other days', async () => {
      const night = [['22:00', '07:00']]
      const defaults = {
        quietHours: { days: { mon: night, sat: [['00:00', '24:00']] } },
        digest: { day: 'fri' },
      }
      await hub.call('PUT', '/v1/tenant', { token: tenant.key, body: { defaults } })
      const { page, errors } = await open(await link())
      await unfold(page, 'Quiet hours')
      const day = (name: string) => page.getByRole('group', { name, exact: true })
      expect(await day('Saturday').getByLabel('To').inputValue()).toBe('00:00')
      await day('Monday').getByLabel('From').fill('21:30')
      await day('Tuesday').getByRole('button', { name: 'Add' }).click()
      const monday = { mon: [['21:30', '07:00']] }
      await expect
        .poll(stored, WAIT)
        .toEqual({ quietHours: { days: { ...monday, tue: night, sat: [['00:00', '24:00']] } } })
      await day('Saturday').getByRole('button', { name: 'Remove' }).click()
      await day('Tuesday').getByLabel('To').fill('22:00')
      await day('Tuesday').getByText('Enter two different times.').waitFor(WAIT)
      await page.getByRole('combobox', { name: 'Time zone' }).selectOption('Asia/Tokyo')
      await page.getByRole('combobox', { name: 'Time', exact: true }).selectOption('8')
      await expect.poll(stored, WAIT).toEqual({
        quietHours: { timezone: 'Asia/Tokyo', days: { ...monday, tue: night, sat: [] } },
        digest: { hour: 8, day: 'fri' },
      })
      expect(errors).toEqual([])
      await page.context().close()
    })

    test('a snooze is set, shown and ended', async () => {
      const { page } = await open(await link())
      const snooze = page.getByRole('combobox', { name: 'Snooze' })
      await snooze.selectOption({ label: '4 hours' })
      await expect
        .poll(async () => Date.parse(String((await stored()).snoozedUntil)) - Date.now(), WAIT)
        .toBeGreaterThan(3.9 * 3_600_000)
      await page.locator('option', { hasText: 'Until' }).waitFor({ ...WAIT, state: 'attached' })
      expect(await snooze.inputValue()).toBe('now')
      await snooze.selectOption({ label: 'Not snoozed' })
      await expect.poll(stored, WAIT).toEqual({})
      await page.context().close()
    })

    test('a change that fails is reverted, and the page says so', async () => {
      const { page } = await open(await link())
      await page.route('**/preferences/data', (route) => route.abort())
      const pause = page.getByRole('switch', { name: 'Pause everything' })
      await pause.click()
      await status(page, 'Not saved. Please try again.')
      expect([await pause.isChecked(), await stored()]).toEqual([false, {}])
      await page.unroute('**/preferences/data')
      await pause.click()
      await status(page, 'Saved')
      expect(await stored()).toEqual({ muted: true })
      await page.context().close()
    })

    test('says in words why a link opens nothing, or that it is a sample', async () => {
      for (const [url, heading] of [
        [await link({ seconds: -60 }), 'This link has expired'],
        [`${base}/preferences#x.y.z`, 'This link does not work'],
        [`${base}/preferences`, 'This link does not work'],
      ] as const) {
        const { page } = await open(url)
        await page.getByRole('heading', { name: heading }).waitFor(WAIT)
        expect(await violationsOf(page)).toEqual([])
        await page.context().close()
      }
      const { page } = await open(await link({ user: undefined }))
      await page.getByText('This is a sample from a preview.').waitFor(WAIT)
      expect(await page.getByRole('switch', { name: 'Pause everything' }).isDisabled()).toBe(true)
      await page.context().close()
    })

    test('a name from the tenant is text, never HTML', async () => {
      const name = '<img src=x onerror="document.title=1">'
      await hub.call('PUT', '/v1/types/survey', { token: tenant.key, body: { name, category: '__proto__' } })
      await hub.call('PUT', '/v1/tenant', { token: tenant.key, body: { name } })
      const { page, errors } = await open(await link())
      await unfold(page, '__proto__')
      await page.getByText(name).nth(1).waitFor(WAIT)
      await page.getByRole('group', { name: '__proto__' }).getByRole('switch', { name: 'Inbox' }).click()
      await status(page, 'Saved')
      expect([await page.title(), errors]).toEqual(['Preferences', []])
      await page.context().close()
    })

    describe.each(['light', 'dark'] as const)('in a %s color scheme', (colorScheme) => {
      test.each([
        ['en-GB', 320, 'Preferences'],
        ['en-GB', 1_200, 'Preferences'],
        ['ar', 320, 'التفضيلات'],
        ['de', 1_200, 'Einstellungen'],
        ['pt-BR', 320, 'Preferências'],
        ['ja', 320, '通知設定'],
        ['fi', 1_200, 'Preferences'],
      ])('%s, %i px wide: no fault of accessibility, no sideways scroll', async (locale, width, title) => {
        const viewport = { width, height: 900 }
        const { page, errors } = await open(await link(), { locale, colorScheme, viewport })
        expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(title)
        await page.locator('details').first().waitFor(WAIT)
        await page.locator('.day .add').first().evaluate('document.querySelector(".quiet").open = true')
        await page.locator('.day .add').first().click()
        await page.locator('#status:not(:empty)').waitFor(WAIT)
        await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true')
        expect(await violationsOf(page)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        if (PICTURES)
          await page.screenshot({ path: `${PICTURES}/${locale}-${colorScheme}-${width}.png`, fullPage: true })
        expect(errors).toEqual([])
        await page.context().close()
      })
    })
  },
)
