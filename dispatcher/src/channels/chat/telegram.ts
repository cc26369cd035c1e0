import type { Content, HttpAnswer, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'
import { z } from 'zod'
import { escapeMarkup, hasText, linksOf } from '../../render/chat.ts'
import { baseUrl, outcomeOfSuccess, readJson } from '../api.ts'
import { EMPTY, postJson } from '../endpoint.ts'
import { oneLine, outcomeOfStatus } from '../outcome.ts'

const config = z.strictObject({
  botToken: z
    .string({ error: "is missing: the bot's token, from @BotFather" })
    .regex(/^\d{1,20}:[A-Za-z0-9_-]{20,100}$/, 'must be a token such as 123456:ABC…')
    .describe(
      "The bot's token; messages go to users' devices of the kind telegram, who have to start the bot first",
    ),
  baseUrl: baseUrl('https://api.telegram.org'),
})
type Config = z.infer<typeof config>

/** Limits of the Bot API, in characters after its HTML has been read. */
const TEXT_MAX = 4_096
const CAPTION_MAX = 1_024

const html = ({ title = '', body = '' }: Content, max: number): string => {
  const head = cut(title, max)
  const rest = cut(body, max - head.length - 1)
  return [head && `<b>${escapeMarkup(head)}</b>`, escapeMarkup(rest)].filter(Boolean).join('\n')
}

/** A call of the Bot API: https://core.telegram.org/bots/api#sendmessage and #sendphoto. */
type Call = { method: 'sendMessage' | 'sendPhoto'; body: Record<string, unknown> }

/** With buttons, and with the image as a photo, or large above a text that is longer than a photo's may be. */
const rich = ({ content, priority }: Outgoing): Call => {
  const links = linksOf(content, 9, 64)
  const image = content.image && /^https?:/i.test(content.image) ? content.image : undefined
  const common = {
    parse_mode: 'HTML',
    disable_notification: priority === 'low',
    ...(links.length > 0 && {
      reply_markup: { inline_keyboard: links.map(({ label, url }) => [{ text: label, url }]) },
    }),
  }
  const short = `${content.title ?? ''}\n${content.body ?? ''}`.length <= CAPTION_MAX
  if (image && short)
    return { method: 'sendPhoto', body: { ...common, photo: image, caption: html(content, CAPTION_MAX) } }
  const preview = image
    ? { url: image, prefer_large_media: true, show_above_text: true }
    : { is_disabled: true }
  return {
    method: 'sendMessage',
    body: { ...common, text: html(content, TEXT_MAX), link_preview_options: preview },
  }
}

/** With nothing in it that Telegram would have to fetch or follow: links are text. */
const plain = ({ content }: Outgoing): Call => {
  const links = linksOf(content, 9, 64).map(({ label, url }) => `\n${label}: ${url}`)
  const room = TEXT_MAX - links.join('').length
  return {
    method: 'sendMessage',
    body: {
      parse_mode: 'HTML',
      text: room > 100 ? html(content, room) + escapeMarkup(links.join('')) : html(content, TEXT_MAX),
      link_preview_options: { is_disabled: true },
    },
  }
}

const Sent = z.object({ result: z.object({ message_id: z.int() }) })
const Failed = z.object({
  description: z.string(),
  parameters: z
    .object({ retry_after: z.number().positive().optional(), migrate_to_chat_id: z.int().optional() })
    .optional(),
})
const Me = z.object({ ok: z.literal(true) })

/**
 * Errors have no stable codes but the status; these are their descriptions. A chat that is not found may be one of
 * another bot: it is not forgotten.
 */
const CHAT_GONE = /blocked by the user|user is deactivated|was kicked|chat was deleted|is not a member/i
const NOT_STARTED = /can't initiate conversation|can't send messages to bots/i
const NOT_FETCHED =
  /button.?url|URL content|web page content|file identifier|photo|PHOTO_|WEBPAGE_|wrong HTTP URL|IMAGE_/i

const outcome = (answer: HttpAnswer): Outcome => {
  if (answer.status === 200) {
    const id = readJson(answer.body, Sent)?.result.message_id
    return outcomeOfSuccess(id === undefined ? undefined : String(id))
  }
  const { description = '', parameters } = readJson(answer.body, Failed) ?? {}
  const { status } = answer
  const detail = oneLine(`HTTP ${status} ${description}`)
  // Limits are per chat and for the bot as a whole, and the answer does not say which: https://core.telegram.org/bots/faq
  if (status === 429)
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      detail,
      scope: 'recipient',
      ...(parameters?.retry_after && { afterMs: Math.min(parameters.retry_after * 1_000, 86_400_000) }),
    }
  if (status === 401 || status === 404) return { outcome: 'account', reason: 'not_authorized', detail }
  if (CHAT_GONE.test(description))
    return { outcome: 'refused', reason: 'chat_gone', detail, forget: 'device' }
  if (NOT_STARTED.test(description)) return { outcome: 'refused', reason: 'not_started', detail }
  if (status === 403) return { outcome: 'refused', reason: 'not_allowed', detail }
  return outcomeOfStatus(answer, description)
}

/** Telegram: a bot that writes to users and groups who have let it. */
export const telegram: Provider<Config> = {
  name: 'telegram',
  channels: ['telegram'],
  config,
  repeatable: false,
  concurrency: 16,
  needs: () => 'device',
  open: ({ botToken, baseUrl: api }, { http }) => ({
    send: async (message, signal) => {
      const { address, content } = message
      if (address.kind !== 'device' || address.device.kind !== 'telegram')
        throw new TypeError('a message for telegram has to be addressed to a device of that kind')
      if (!hasText(content)) return EMPTY
      let chat: string | number = address.device.chat
      let refused: z.infer<typeof Failed> | undefined
      const call = ({ method, body }: Call) =>
        postJson(
          http,
          { url: `${api}/bot${botToken}/${method}`, body: { chat_id: chat, ...body }, signal },
          (answer) => {
            refused = answer.status === 400 ? readJson(answer.body, Failed) : undefined
            return outcome(answer)
          },
        )
      let said = await call(rich(message))
      // A group that has become a supergroup has another number from then on.
      const moved = refused?.parameters?.migrate_to_chat_id
      if (moved !== undefined) {
        chat = moved
        said = await call(rich(message))
      }
      if (refused !== undefined && NOT_FETCHED.test(refused.description)) said = await call(plain(message))
      return said
    },
    verify: async () => {
      const answer = await http.request({ url: `${api}/bot${botToken}/getMe` })
      if (!readJson(answer.body, Me))
        throw new Error(`Telegram does not take the token: HTTP ${answer.status}`)
    },
    close: async () => {},
  }),
}
