import { renderEmail } from '@carillon/core/render/email'
import type {} from '@carillon/core/testing/provided'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchChromium } from './chromium.ts'

const executablePath = inject('chromium')

/** A picture that needs no network: 120 × 40, in the color of the brand. */
const LOGO = `https://cdn.example/logo.svg`
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" fill="#0f766e"/></svg>'

const TEXTS = {
  en: {
    title: 'Order 7 is on its way',
    body: `It leaves today.\n\n${'Anunusuallylongwordthatnothingbreaks'.repeat(4)}`,
    dir: 'ltr',
  },
  ar: { title: 'طلبك رقم 7 في الطريق', body: 'يغادر اليوم.', dir: 'rtl' },
} as const

const STOP = { en: 'Unsubscribe from these e-mails', ar: 'إلغاء الاشتراك في هذه الرسائل' }

const mail = (lang: keyof typeof TEXTS) =>
  renderEmail({
    type: 'order.shipped',
    content: {
      ...TEXTS[lang],
      lang,
      url: 'https://app.example/orders/7',
      actions: [{ name: 'track', label: 'Track', url: 'https://app.example/track', primary: true }],
      brand: { name: 'Acme', logo: LOGO, color: '#fde047' },
    },
    unsubscribeUrl: 'https://hub.example/v1/unsubscribe/t',
  }).html

/** Returns the contrast ratio of two colors (WCAG 2.2). Runs in the page. */
const contrasts = () => {
  const parts = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = parts(color).map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element: Element | null): string => {
    if (!element)
      return matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)'
    const color = getComputedStyle(element).backgroundColor
    return parts(color)[3] === 0 ? ground(element.parentElement) : color
  }
  return [...document.querySelectorAll('h1, h1 a, p, td > a, strong')].map((element) => {
    const [one, two] = [luminance(getComputedStyle(element).color), luminance(ground(element))]
    return { text: element.textContent, contrast: (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) }
  })
}

describe.skipIf(!executablePath)(`e-mails in Chromium${executablePath ? '' : ' (not installed)'}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(executablePath!)
  })
  afterAll(() => browser?.close())

  const views = ([320, 640] as const).flatMap((width) =>
    (['light', 'dark'] as const).flatMap((colorScheme) =>
      (['en', 'ar'] as const).map((lang) => ({ width, colorScheme, lang })),
    ),
  )
  test.each(views)(
    'the default layout fits $width px, $colorScheme, $lang',
    async ({ width, colorScheme, lang }) => {
      const context = await browser.newContext({ viewport: { width, height: 700 }, colorScheme })
      try {
        const page = await context.newPage()
        await page.route('**/*', (route) =>
          route.request().url() === LOGO
            ? route.fulfill({ contentType: 'image/svg+xml', body: SVG })
            : route.abort(),
        )
        await page.setContent(mail(lang), { waitUntil: 'load' })
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
        expect(await page.getAttribute('html', 'lang')).toBe(lang)
        const start = await page.locator('h1').evaluate((h1) => {
          const { left, right } = h1.getBoundingClientRect()
          const range = document.createRange()
          range.selectNodeContents(h1)
          const text = range.getBoundingClientRect()
          return { left: text.left - left, right: right - text.right }
        })
        expect(lang === 'en' ? start.left : start.right).toBeLessThan(1)
        const logo = page.getByRole('img', { name: 'Acme' })
        expect(await logo.boundingBox()).toMatchObject({ width: 120, height: 40 })
        const button = page.getByRole('link', { name: 'Track' })
        expect(await button.evaluate((link) => getComputedStyle(link).color)).toBe('rgb(0, 0, 0)')
        const box = await button.boundingBox()
        expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44)
        for (const { text, contrast } of await page.evaluate(contrasts))
          expect(contrast, text ?? '').toBeGreaterThanOrEqual(4.5)
        await page.getByRole('link', { name: STOP[lang], exact: true }).waitFor()
      } finally {
        await context.close()
      }
    },
  )
})
