import { escapeHtml } from '@carillon/core/template/escape-html'
import type { Channel } from '@carillon/schemas'
import type { Language } from '../preferences/languages.ts'
import { channelName, WORDS } from './words.ts'

export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

/** What a link switches off, by display name. */
type About = { channel: Channel; names: readonly string[] }

const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`

const list = (language: Language, { channel, names }: About) => {
  const by = escapeHtml(channelName(WORDS[language], channel))
  const items = names.map((name) => `<li><bdi>${escapeHtml(name)}</bdi> <small>(${by})</small></li>`)
  return `<ul>${items.join('')}</ul>`
}

/** `rest` is HTML. The style sheet is named relative to the page, because a proxy may serve the hub below a path. */
const page = (language: Language, title: string, rest: string) => `<!doctype html>
<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="../../preferences/unsubscribe.css">
  </head>
  <body>
    <main>
      <h1>${escapeHtml(title)}</h1>
      ${rest}
    </main>
  </body>
</html>
`

/** Asks for confirmation. The form posts to the address of the page. */
export const askPage = (language: Language, about: About): string => {
  const { ask, askText, button } = WORDS[language]
  const form = `<form method="post"><button type="submit">${escapeHtml(button)}</button></form>`
  return page(language, ask, paragraph(askText) + list(language, about) + form)
}

export const donePage = (language: Language, about: About): string => {
  const { done, doneText, later } = WORDS[language]
  return page(language, done, paragraph(doneText) + list(language, about) + paragraph(later))
}

/** Says why a link does nothing. */
export const voidPage = (language: Language, why: 'sample' | 'expired' | 'invalid'): string =>
  page(language, WORDS[language][why], paragraph(WORDS[language][`${why}Text`]))
