import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import { escapeMarkup, linksOf } from '@carillon/core/render/chat'
import { cutEscaped } from '@carillon/core/render/cut'
import { cut } from '@carillon/schemas'

/** Limits of Block Kit, in characters. */
const HEADER_MAX = 150
const TEXT_MAX = 3_000
const BUTTON_MAX = 75

const mrkdwn = (text: string) => ({
  type: 'mrkdwn',
  text: cutEscaped(text, TEXT_MAX, escapeMarkup),
  verbatim: true,
})
const plain = (text: string, max: number) => ({ type: 'plain_text', text: cut(text, max), emoji: false })

/**
 * Renders a message as blocks (https://docs.slack.dev/reference/block-kit/blocks). `text` is shown where blocks cannot be,
 * such as on a lock screen.
 */
export const slackMessage = ({ content }: Outgoing, withImage: boolean) => {
  const { title, body, image, actor } = content
  const links = linksOf(content, 25, BUTTON_MAX)
  return {
    text: cutEscaped([title, body].filter(Boolean).join('\n'), TEXT_MAX, escapeMarkup),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      ...(title ? [{ type: 'header', text: plain(title, HEADER_MAX) }] : []),
      ...(body ? [{ type: 'section', text: mrkdwn(body) }] : []),
      ...(withImage ? [{ type: 'image', image_url: image, alt_text: cut(title ?? '', 2_000) }] : []),
      ...(actor?.name ? [{ type: 'context', elements: [mrkdwn(actor.name)] }] : []),
      ...(links.length === 0
        ? []
        : [
            {
              type: 'actions',
              elements: links.map(({ label, url }, index) => ({
                type: 'button',
                action_id: `open-${index}`,
                text: plain(label, BUTTON_MAX),
                url,
              })),
            },
          ]),
    ],
  }
}

/** Returns the image if Slack can fetch it. */
export const slackImage = ({ image }: Content): string | undefined =>
  image !== undefined && /^https?:/i.test(image) ? image : undefined
