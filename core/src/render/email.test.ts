import { describe, expect, test } from 'vitest'
import type { Content, Outgoing } from '../delivery/provider.ts'
import { renderEmail } from './email.ts'

const message = (content: Content, more: Partial<Outgoing> = {}): Outgoing => ({
  tenant: 'acme',
  user: 'mia',
  channel: 'email',
  notification: 'n-1',
  item: '0193e7b2-3c4d-7000-8000-000000000001',
  type: 'comment.created',
  priority: 'normal',
  at: Date.parse('2026-01-02T03:04:05Z'),
  expiresAt: Date.parse('2026-02-02T03:04:05Z'),
  address: { kind: 'email', email: 'mia@example.com' },
  content,
  key: 'k'.repeat(32),
  attempt: 1,
  ...more,
})

const full: Content = {
  title: 'Ada commented on “Roadmap”',
  body: 'First line\nsecond line\n\nNext paragraph',
  url: 'https://app.example.com/posts/7?a=1&b=2',
  image: 'https://cdn.example.com/7.png',
  actor: { name: 'Ada', avatar: 'https://cdn.example.com/ada.png' },
  actions: [
    { name: 'later', label: 'Later', url: 'https://app.example.com/later' },
    { name: 'reply', label: 'Reply', url: 'https://app.example.com/reply', primary: true },
    { name: 'call', label: 'Call', url: 'tel:+15550100' },
    { name: 'inside', label: 'Only in the app' },
  ],
}

describe('an e-mail', () => {
  test('contains all content as plain text, with its links', () => {
    const { subject, text } = renderEmail(message(full, { unsubscribeUrl: 'https://hub.example.com/u/t' }))
    expect(subject).toBe('Ada commented on “Roadmap”')
    expect(text).toBe(
      [
        'Ada',
        'Ada commented on “Roadmap”',
        'First line\nsecond line',
        'Next paragraph',
        [
          'Reply: https://app.example.com/reply',
          'View: https://app.example.com/posts/7?a=1&b=2',
          'Later: https://app.example.com/later',
          'Call: tel:+15550100',
        ].join('\n'),
        '--\nUnsubscribe from these e-mails: https://hub.example.com/u/t\n',
      ].join('\n\n'),
    )
  })

  test('shows the primary action as the button and supports both color schemes', () => {
    const { html } = renderEmail(message(full, { unsubscribeUrl: 'https://hub.example.com/u/t' }))
    expect(html).toMatch(/bgcolor[^>]*><a href="https:\/\/app\.example\.com\/reply"/)
    expect(html).toContain('<a href="https://app.example.com/posts/7?a=1&amp;b=2"')
    expect(html).toContain('href="tel:+15550100"')
    expect(html).toContain('First line<br>second line</p>')
    expect(html).toContain('alt="Ada commented on “Roadmap”"')
    expect(html).toContain('<meta name="color-scheme" content="light dark">')
    expect(html).toContain('<html lang="')
    expect(html).not.toMatch(/<table(?! role="presentation")|<style|class=|Only in the app/)
    expect(html).toContain('href="https://hub.example.com/u/t"')
  })

  test('omits absent content', () => {
    const { subject, text, html } = renderEmail(message({}))
    expect(subject).toBe('Comment created')
    expect(text).toBe('Comment created\n')
    expect(html).not.toMatch(/<img|<a |<h1|nsubscribe|undefined/)
  })

  test("uses the notification's link as the button if there is no primary action", () => {
    const { html } = renderEmail(message({ url: 'https://app.example.com/7' }))
    expect(html).toMatch(/bgcolor[^>]*><a href="https:\/\/app\.example\.com\/7"[^>]*>View</)
  })

  test('has its own words in the language of the text, marked if it is another one', () => {
    const html = (content: Content) =>
      renderEmail(
        message(
          { url: 'https://app.example.com/7', ...content },
          { unsubscribeUrl: 'https://hub.example.com/u' },
        ),
      ).html
    const arabic = html({ lang: 'ar-EG', dir: 'rtl' })
    expect(arabic).toMatch(/dir="auto">عرض<\/a>/)
    expect(arabic).toContain('<a href="https://hub.example.com/u" dir="auto" style=')
    const dutch = html({ lang: 'nl', dir: 'ltr' })
    expect(dutch).toMatch(/dir="auto" lang="en">View<\/a>/)
    expect(dutch).toContain('<a href="https://hub.example.com/u" dir="auto" lang="en" style=')
    const words = {
      view: { text: '<Open> & see', lang: 'nl' },
      unsubscribe: { text: 'Afmelden', lang: 'nl' },
    }
    const own = html({ lang: 'nl-BE', words })
    expect(own).toMatch(/dir="auto">&lt;Open&gt; &amp; see<\/a>/)
    expect(own).toContain('>Afmelden</a>')
  })

  test('shows the link to unsubscribe once if its HTML has one', () => {
    const unsubscribeUrl = 'https://hub.example.com/u?a=1&b=2'
    const html = '<a href="https://hub.example.com/u?a=1&amp;b=2">Stop</a>'
    expect(
      renderEmail(message({ html }, { unsubscribeUrl })).html.match(/href="https:\/\/hub/g),
    ).toHaveLength(1)
    expect(renderEmail(message({ html: 'x' }, { unsubscribeUrl })).html).toContain('Unsubscribe from')
  })

  test('shows a repeated link once', () => {
    const url = 'https://app.example.com/7'
    const { text } = renderEmail(message({ url, actions: [{ name: 'open', label: 'Open', url }] }))
    expect(text).toBe('Open: https://app.example.com/7\n')
  })
})

describe('hostile content', () => {
  const evil = `"><script>alert('1')</script>&`
  const evilUrl = `https://x.example/?q="><script>alert('1')</script>`

  const everywhere = (text: string, url: string): Content => ({
    title: text,
    body: text,
    url,
    image: url,
    actor: { name: text, avatar: url },
    actions: [
      { name: 'a', label: text, url, primary: true },
      { name: 'b', label: text, url: `${url}2` },
    ],
    category: text,
    tags: [text],
    data: { text },
  })

  test('is escaped in every field', () => {
    const { html } = renderEmail(message(everywhere(evil, evilUrl), { type: evil, unsubscribeUrl: evilUrl }))
    expect(html).not.toContain('<script')
    expect(html).not.toContain("alert('1')")
    expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThanOrEqual(7)
    for (const [, value] of html.matchAll(/(?:href|src|alt)="([^"]*)"/g)) expect(value).not.toMatch(/[<>']/)
  })

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '/posts/7',
    '//x',
    '',
  ])('is not linked: %s', (url) => {
    const { html, text } = renderEmail(message(everywhere('x', url), { unsubscribeUrl: url }))
    expect(html).not.toMatch(/href=|src=/)
    expect(text).toBe('x\n\nx\n\nx\n')
  })

  test('loads no images over mailto or tel', () => {
    const { html } = renderEmail(
      message({ image: 'mailto:a@example.com', actor: { name: 'A', avatar: 'tel:1' }, title: 'x' }),
    )
    expect(html).not.toContain('<img')
  })

  test.each([
    'Hello\r\nBcc: eve@example.com',
    'Hello\nBcc: eve@example.com',
    'Hello\u2028Bcc:\u0000 eve@example.com',
  ])('cannot add lines to the subject: %j', (title) => {
    const { subject } = renderEmail(message({ title }))
    expect(subject).toBe('Hello Bcc: eve@example.com')
  })

  test('is truncated in the subject without splitting emoji', () => {
    const { subject } = renderEmail(message({ title: '🔔'.repeat(250) }))
    expect(subject).toBe(`${'🔔'.repeat(124)}…`)
    const family = renderEmail(message({ title: `${'a'.repeat(247)}👨‍👩‍👧‍👦` }))
    expect(family.subject).toBe(`${'a'.repeat(247)}…`)
    const marks = renderEmail(message({ title: '\u0301'.repeat(512), body: '\u0301'.repeat(16_384) }))
    expect(marks.subject).toHaveLength(250)
    expect(renderEmail(message({ title: '👩‍💻 \u202egnp.exe' })).subject).toBe('👩‍💻 gnp.exe')
  })
})
