import { cleanText, cut } from '@carillon/schemas'
import type { Outgoing } from '../delivery/provider.ts'
import { escapeHtml } from '../template/escape-html.ts'
import { bodyHtml, contentHtml, type Link, layout, PAGE_LANGUAGE } from './email-layout.ts'
import { htmlText } from './html-text.ts'
import { safeUrl, webUrl } from './safe-url.ts'
import { type MailWords, mailWords, type Word, wordsFor } from './words.ts'

/** The content of an e-mail. `subject` is one line without control characters. */
export type Email = { subject: string; text: string; html: string }

/** Longer subjects are truncated. Mail clients show about a third of this. */
const SUBJECT_MAX = 250
const PREVIEW_MAX = 140

/** Converts text to one line of at most `max` UTF-16 units, without bidirectional control characters. */
const oneLine = (text: string, max: number): string =>
  cut(cleanText(text.replaceAll(/[\p{Cc}\s]+/gu, ' ')).trim(), max)

/** Converts a type such as `comment.created` to a title: "Comment created". */
const titleOfType = (type: string): string => {
  const text = type.replaceAll(/[._-]+/g, ' ').trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Normalizes line ends and removes all other control characters except tabs. */
const normalized = (text: string): string =>
  text
    .replaceAll(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .trim()

const wordsIn = ({ words, lang }: Outgoing['content']): MailWords => words ?? mailWords(wordsFor(lang))

/** Returns the language of a word if it is not that of the page. */
const foreign = ({ lang }: Word, { lang: page = PAGE_LANGUAGE }: Outgoing['content']): string | undefined =>
  new Intl.Locale(lang).language === new Intl.Locale(page).language ? undefined : lang

/**
 * Chooses the button, which is the primary action or else the notification's own link, and renders the rest
 * as links.
 */
const linksOf = (content: Outgoing['content']): { button?: Link; others: Link[] } => {
  const { url, actions = [] } = content
  const own = safeUrl(url)
  const offered = actions.flatMap((action) => {
    const url = safeUrl(action.url)
    return url === undefined ? [] : [{ label: oneLine(action.label, 128), url, primary: action.primary }]
  })
  const view =
    own === undefined || offered.some((link) => link.url === own)
      ? undefined
      : {
          url: own,
          label: oneLine(wordsIn(content).view.text, 128),
          lang: foreign(wordsIn(content).view, content),
        }
  const button = offered.find(({ primary }) => primary) ?? view ?? offered[0]
  return { button, others: [...(view ? [view] : []), ...offered].filter((link) => link !== button) }
}

/** HTML that is a whole page needs no frame. */
const isPage = (html: string): boolean => /^\s*<(!doctype|html)\b/i.test(html)

/** Renders the HTML of a type within the default layout, which shows the unsubscribe link unless the HTML does. */
const renderOwn = (
  content: Outgoing['content'],
  subject: string,
  unsubscribe: Link | undefined,
): Omit<Email, 'subject'> => {
  const { html = '', text, lang, dir, brand } = content
  const plain = normalized(text ?? htmlText(html))
  if (isPage(html)) return { html, text: plain }
  const page = layout({
    ...{ lang, dir, html, subject: escapeHtml(subject), preview: escapeHtml(oneLine(plain, PREVIEW_MAX)) },
    ...{ actor: '', title: '', body: '', others: [], brand },
    ...(unsubscribe &&
      !html.includes(escapeHtml(unsubscribe.url)) && { unsubscribe: escapedLink(unsubscribe) }),
  })
  return { html: page, text: plain }
}

const unsubscribeOf = (
  content: Outgoing['content'],
  unsubscribeUrl: string | undefined,
): Link | undefined => {
  const url = webUrl(unsubscribeUrl)
  if (url === undefined) return undefined
  const { unsubscribe } = wordsIn(content)
  return { url, label: oneLine(unsubscribe.text, 128), lang: foreign(unsubscribe, content) }
}

const subjectOf = (type: string, { subject, title }: Outgoing['content']): string =>
  oneLine(subject ?? title ?? '', SUBJECT_MAX) || titleOfType(type)

/**
 * Renders a notification as an e-mail, in HTML and plain text. The content is the HTML of its type, or else title, body and
 * links, all of it escaped. Links other than http, https, mailto and tel are removed, and so are images other than http and
 * https. The unsubscribe link is added to the plain text unless the text contains it.
 */
export const renderEmail = ({
  type,
  content,
  unsubscribeUrl,
}: Pick<Outgoing, 'type' | 'content' | 'unsubscribeUrl'>): Email => {
  const subject = subjectOf(type, content)
  const unsubscribe = unsubscribeOf(content, unsubscribeUrl)
  const { text, html } =
    content.html === undefined
      ? renderContent(content, subject, unsubscribe)
      : renderOwn(content, subject, unsubscribe)
  const footer =
    unsubscribe === undefined || text.includes(unsubscribe.url)
      ? ''
      : `--\n${unsubscribe.label}: ${unsubscribe.url}`
  return { subject, text: `${joined([text || subject, footer])}\n`, html }
}

/** Returns the parts of an e-mail that go into a tenant's layout. `isPage`: the HTML is a whole page and needs no layout. */
export const emailParts = ({ type, content }: Pick<Outgoing, 'type' | 'content'>) => {
  const subject = subjectOf(type, content)
  const { html, preview, text } = partsOf(content, subject)
  const plain = content.text ?? (content.html === undefined ? text : htmlText(content.html))
  return {
    subject,
    preview: oneLine(preview || plain, PREVIEW_MAX),
    html: content.html ?? html(),
    text: normalized(plain),
    isPage: content.html !== undefined && isPage(content.html),
  }
}

const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join('\n\n')

/** Returns title, body and links as parts of the layout, and as plain text. */
const partsOf = (content: Outgoing['content'], subject: string) => {
  const body = normalized(content.body ?? '')
  const actor = oneLine(content.actor?.name ?? '', 256)
  const { button, others } = linksOf(content)
  const title = oneLine(content.title ?? '', 512)
  const links = [...(button ? [button] : []), ...others]
    .map(({ label, url }) => `${label}: ${url}`)
    .join('\n')
  const parts = {
    lang: content.lang,
    dir: content.dir,
    subject: escapeHtml(subject),
    preview: escapeHtml(oneLine(body, PREVIEW_MAX)),
    actor: escapeHtml(actor),
    avatar: escaped(webUrl(content.actor?.avatar)),
    title: escapeHtml(title),
    url: escaped(safeUrl(content.url)),
    body: bodyHtml(body),
    image: escaped(webUrl(content.image)),
    button: button && escapedLink(button),
    others: others.map(escapedLink),
    brand: content.brand,
  }
  return { parts, html: () => contentHtml(parts), preview: body, text: joined([actor, title, body, links]) }
}

/** Renders title, body and links. */
const renderContent = (
  content: Outgoing['content'],
  subject: string,
  unsubscribe: Link | undefined,
): Omit<Email, 'subject'> => {
  const { parts, text } = partsOf(content, subject)
  const html = layout({ ...parts, unsubscribe: unsubscribe && escapedLink(unsubscribe) })
  return { text: content.text === undefined ? text : normalized(content.text), html }
}

const escaped = (text: string | undefined) => (text === undefined ? undefined : escapeHtml(text))
const escapedLink = ({ label, url, lang }: Link): Link => ({
  ...{ label: escapeHtml(label), url: escapeHtml(url), lang: escaped(lang) },
})
