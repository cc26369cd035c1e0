import { cut } from '@carillon/schemas'
import type { Content } from '../delivery/provider.ts'

export type Link = { label: string; url: string }

/** Returns the distinct web links of a message: those of its actions, then its own. At most `max`. */
export const linksOf = ({ url, actions = [] }: Content, max: number, labelMax: number): Link[] => {
  const links = new Map<string, Link>()
  for (const { label, url: href } of [...actions, { label: 'Open', url }])
    if (href !== undefined && /^https?:/i.test(href) && !links.has(href))
      links.set(href, { label: cut(label, labelMax), url: href })
  return [...links.values()].slice(0, max)
}

/** Escapes `&`, `<` and `>`, for HTML text and for Slack's mrkdwn. */
export const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Reports whether a message has a title or body that is not blank. */
export const hasText = ({ title = '', body = '' }: Content): boolean => `${title}${body}`.trim() !== ''
