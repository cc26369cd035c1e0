import type { Outgoing } from '@carillon/core/delivery/provider'
import { cleanText, cut } from '@carillon/schemas'
import { bodyHtml, escapeHtml, type Link, layout } from './email-layout.ts'
import { safeUrl, webUrl } from './email-links.ts'

/** An e-mail, without its envelope. `subject` is one line without control characters. */
export type Email = { subject: string; text: string; html: string }

/** Longer subjects are cut: mail clients show about a third of this. */
const SUBJECT_MAX = 250
const PREVIEW_MAX = 140

/** `text` as one line of at most `max` UTF-16 units, clean of what turns the writing around. */
const line = (text: string, max: number): string =>
  cut(cleanText(text.replaceAll(/[\p{Cc}\s]+/gu, ' ')).trim(), max)

/** `comment.created` in words: "Comment created". */
const words = (type: string): string => {
  const text = type.replaceAll(/[._-]+/g, ' ').trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Body text with uniform line ends, and no control characters but those. */
const lines = (text: string): string =>
  text
    .replaceAll(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .trim()

/** What to offer: one button, the primary action or else the notification's own link, and the rest as links. */
const linksOf = ({ url, actions = [] }: Outgoing['content']): { button?: Link; others: Link[] } => {
  const own = safeUrl(url)
  const offered = actions.flatMap((action) => {
    const target = safeUrl(action.url)
    return target === undefined
      ? []
      : [{ label: line(action.label, 128), url: target, primary: action.primary }]
  })
  const view =
    own === undefined || offered.some((link) => link.url === own) ? undefined : { label: 'View', url: own }
  const button = offered.find(({ primary }) => primary) ?? view ?? offered[0]
  return { button, others: [...(view ? [view] : []), ...offered].filter((link) => link !== button) }
}

/**
 * An e-mail from a notification's content: HTML in tables with inline styles, which follows the reader's light or dark
 * colours, and the same as plain text. Everything in it is escaped; only http, https, mailto and tel links survive, and
 * only http and https images.
 */
export const renderEmail = ({ type, content, unsubscribeUrl }: Outgoing): Email => {
  const subject = line(content.title ?? '', SUBJECT_MAX) || words(type)
  const body = lines(content.body ?? '')
  const actor = line(content.actor?.name ?? '', 256)
  const { button, others } = linksOf(content)
  const unsubscribe = webUrl(unsubscribeUrl)
  const titled = line(content.title ?? '', 512)

  const text = [
    actor,
    titled,
    body,
    [...(button ? [button] : []), ...others].map(({ label, url }) => `${label}: ${url}`).join('\n'),
    unsubscribe === undefined ? '' : `--\nUnsubscribe: ${unsubscribe}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')

  const html = layout({
    subject: escapeHtml(subject),
    preview: escapeHtml(line(body, PREVIEW_MAX)),
    actor: escapeHtml(actor),
    avatar: escaped(webUrl(content.actor?.avatar)),
    title: escapeHtml(titled),
    url: escaped(safeUrl(content.url)),
    body: bodyHtml(body),
    image: escaped(webUrl(content.image)),
    button: button && escapedLink(button),
    others: others.map(escapedLink),
    unsubscribe: escaped(unsubscribe),
  })
  return { subject, text: `${text || subject}\n`, html }
}

const escaped = (url: string | undefined) => (url === undefined ? undefined : escapeHtml(url))
const escapedLink = ({ label, url }: Link): Link => ({ label: escapeHtml(label), url: escapeHtml(url) })
