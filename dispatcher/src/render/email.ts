import type { Outgoing } from '@carillon/core/delivery/provider'
import { cleanText, cut } from '@carillon/schemas'
import { bodyHtml, escapeHtml, type Link, layout } from './email-layout.ts'
import { safeUrl, webUrl } from './email-links.ts'

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

/**
 * Chooses the button, which is the primary action or else the notification's own link, and renders the rest
 * as links.
 */
const linksOf = ({ url, actions = [] }: Outgoing['content']): { button?: Link; others: Link[] } => {
  const own = safeUrl(url)
  const offered = actions.flatMap((action) => {
    const url = safeUrl(action.url)
    return url === undefined ? [] : [{ label: oneLine(action.label, 128), url, primary: action.primary }]
  })
  const view =
    own === undefined || offered.some((link) => link.url === own) ? undefined : { label: 'View', url: own }
  const button = offered.find(({ primary }) => primary) ?? view ?? offered[0]
  return { button, others: [...(view ? [view] : []), ...offered].filter((link) => link !== button) }
}

/**
 * Renders a notification as an e-mail, in HTML and plain text. All content is escaped. Links are removed
 * unless they are http, https, mailto or tel, and images unless they are http or https.
 */
export const renderEmail = ({ type, content, unsubscribeUrl }: Outgoing): Email => {
  const subject = oneLine(content.title ?? '', SUBJECT_MAX) || titleOfType(type)
  const body = normalized(content.body ?? '')
  const actor = oneLine(content.actor?.name ?? '', 256)
  const { button, others } = linksOf(content)
  const unsubscribe = webUrl(unsubscribeUrl)
  const title = oneLine(content.title ?? '', 512)

  const text = [
    actor,
    title,
    body,
    [...(button ? [button] : []), ...others].map(({ label, url }) => `${label}: ${url}`).join('\n'),
    unsubscribe === undefined ? '' : `--\nUnsubscribe: ${unsubscribe}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')

  const html = layout({
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
    unsubscribe: escaped(unsubscribe),
  })
  return { subject, text: `${text || subject}\n`, html }
}

const escaped = (url: string | undefined) => (url === undefined ? undefined : escapeHtml(url))
const escapedLink = ({ label, url }: Link): Link => ({ label: escapeHtml(label), url: escapeHtml(url) })
