import { escapeHtml } from '../template/escape-html.ts'
import { type Brand, COLOR, textOn } from './brand.ts'

/** Converts plain text to escaped paragraphs. Empty lines separate paragraphs; line breaks are kept. */
export const bodyHtml = (text: string): string =>
  text
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => `<p style="margin:0 0 16px">${escapeHtml(paragraph).replaceAll('\n', '<br>')}</p>`)
    .join('')

/** `lang`: the language of the label, if it is not that of the page. */
export type Link = { label: string; url: string; lang?: string | undefined }

/** The language of a page that names none. */
export const PAGE_LANGUAGE = 'en'

/** The content of the layout. All strings are HTML; empty and absent ones are omitted. */
type Parts = {
  lang?: string | undefined
  dir?: 'ltr' | 'rtl' | undefined
  subject: string
  /** The preview that mail clients show next to the subject. */
  preview: string
  actor: string
  avatar?: string
  title: string
  url?: string
  body: string
  /** Replaces everything but the footer. */
  html?: string
  image?: string
  button?: Link
  others: readonly Link[]
  unsubscribe?: Link | undefined
  /** Not escaped. */
  brand?: Brand | undefined
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const LINK = 'color:inherit;text-decoration:underline'

const row = (content: string, style = ''): string =>
  content === '' ? '' : `<tr><td style="padding:0 24px 16px;${style}">${content}</td></tr>`

const actorHtml = ({ actor, avatar }: Parts): string => {
  const picture =
    avatar &&
    `<td style="padding-right:12px"><img src="${avatar}" alt="" width="40" height="40" style="display:block;border-radius:20px;object-fit:cover"></td>`
  if (!picture) return actor && `<strong dir="auto">${actor}</strong>`
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>${picture}<td dir="auto"><strong>${actor}</strong></td></tr></table>`
}

const titleHtml = ({ title, url }: Parts): string =>
  title &&
  `<h1 dir="auto" style="margin:0;font-size:22px;line-height:1.3">${
    url ? `<a href="${url}" style="color:inherit;text-decoration:none">${title}</a>` : title
  }</h1>`

const langOf = ({ lang }: Link): string => (lang === undefined ? '' : ` lang="${lang}"`)

const imageHtml = ({ image, title }: Parts): string =>
  image
    ? `<img src="${image}" alt="${title}" width="512" style="display:block;width:100%;max-width:512px;height:auto;border-radius:8px">`
    : ''

const buttonHtml = ({ button, brand: { color = COLOR } = {} }: Parts): string =>
  button
    ? `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td bgcolor="${color}" style="border-radius:6px;background-color:${color}"><a href="${button.url}" style="display:inline-block;padding:12px 20px;color:${textOn(color)};font-weight:bold;text-decoration:none" dir="auto"${langOf(button)}>${button.label}</a></td></tr></table>`
    : ''

const othersHtml = ({ others, dir }: Parts): string =>
  others
    .map(
      (link) =>
        `<a href="${link.url}" dir="auto"${langOf(link)} style="${LINK};display:inline-block;margin:${dir === 'rtl' ? '0 0 8px 16px' : '0 16px 8px 0'}">${link.label}</a>`,
    )
    .join(' ')

/** The name is the alternative text of the logo, for mail clients that do not load images. */
const brandHtml = ({ brand: { name = '', logo } = {} }: Parts): string =>
  logo
    ? `<img src="${escapeHtml(logo)}" alt="${escapeHtml(name)}" height="40" style="display:block;height:40px;max-width:100%;width:auto">`
    : name && `<strong dir="auto" style="font-size:18px">${escapeHtml(name)}</strong>`

const footerHtml = ({ unsubscribe }: Parts): string =>
  unsubscribe
    ? `<a href="${unsubscribe.url}" dir="auto"${langOf(unsubscribe)} style="${LINK}">${unsubscribe.label}</a>`
    : ''

const contentRows = (parts: Parts): string[] => [
  row(parts.html ?? ''),
  row(actorHtml(parts)),
  row(titleHtml(parts)),
  row(imageHtml(parts)),
  row(parts.body && `<div dir="auto" style="overflow-wrap:anywhere">${parts.body}</div>`),
  row(buttonHtml(parts)),
  row(othersHtml(parts)),
]

/** Renders title, body and links as HTML to put into a layout. */
export const contentHtml = (parts: Parts): string =>
  [
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">',
    ...contentRows(parts),
    '</table>',
  ].join('\n')

/**
 * Renders the HTML page of an e-mail. Styles are inline because mail clients drop style sheets. Only the
 * button has its own colors, so that the rest follows the reader's light or dark color scheme.
 */
export const layout = (parts: Parts): string =>
  [
    `<!doctype html><html lang="${escapeHtml(parts.lang ?? PAGE_LANGUAGE)}" dir="${parts.dir ?? 'auto'}" style="color-scheme:light dark"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${parts.subject}</title></head>`,
    `<body style="margin:0;padding:0;${FONT};font-size:16px;line-height:1.5">`,
    parts.preview &&
      `<div style="display:none;max-height:0;overflow:hidden" aria-hidden="true">${parts.preview}</div>`,
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" style="padding:24px 0">',
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;text-align:start">',
    row(brandHtml(parts), 'padding-bottom:24px'),
    ...contentRows(parts),
    row(footerHtml(parts), 'padding-top:16px;border-top:1px solid #8888;font-size:13px;opacity:.8'),
    '</table></td></tr></table></body></html>',
  ].join('\n')
