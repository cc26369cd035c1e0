import type { Content } from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'

export type Link = { label: string; url: string }

/** What can be opened from a message: its own link, then those of its actions, if they are of the web; no two the same. */
export const linksOf = ({ url, actions = [] }: Content, max: number, labelMax: number): Link[] => {
  const links = new Map<string, Link>()
  for (const { label, url: target } of [...actions, { label: 'Open', url }])
    if (target !== undefined && /^https?:/i.test(target) && !links.has(target))
      links.set(target, { label: cut(label, labelMax), url: target })
  return [...links.values()].slice(0, max)
}

/** Text in which `&`, `<` and `>` mean something else: HTML outside of tags, and Slack's mrkdwn. */
export const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Whether there is anything to read in a message. */
export const hasText = ({ title = '', body = '' }: Content): boolean => `${title}${body}`.trim() !== ''
