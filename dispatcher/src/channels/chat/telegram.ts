import type { Content, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { escapeMarkup, hasText, linksOf } from '@carillon/core/render/chat'
import { cut } from '@carillon/schemas'
import { z } from 'zod'
import { baseUrl } from '../config.ts'
import { postJson } from '../endpoint.ts'
import { NO_TEXT, oneLine, outcomeOfStatus, outcomeOfSuccess, retryAfterMs } from '../outcome.ts'

const TelegramConfig = z.strictObject({
  botToken: z
    .string({ error: "is missing: the bot's token, from @BotFather" })
    .regex(/^\d{1,20}:[A-Za-z0-9_-]{20,100}$/, 'must be a token such as 123456:ABC…')
    .describe(
      "The bot's token. Messages are sent to users' devices of kind telegram; users have to start the bot first",
    ),
  baseUrl: baseUrl('https://api.telegram.org'),
})
type TelegramConfig = z.infer<typeof TelegramConfig>

/** Limits of the Bot API, in characters, not counting HTML tags. */
const TEXT_MAX = 4_096
const CAPTION_MAX = 1_024

const html = ({ title = '', body = '' }: Content, max: number): string => {
  const head = cut(title, max)
  const rest = cut(body, max - head.length - 1)
  return [head && `<b>${escapeMarkup(head)}</b>`, escapeMarkup(rest)].filter(Boolean).join('\n')
}

/** A request to the Bot API: https://core.telegram.org/bots/api#sendmessage and #sendphoto. */
type Call = { method: 'sendMessage' | 'sendPhoto'; body: Record<string, unknown> }

/** Renders the message with buttons. An image is sent as a photo, or as a large preview if the text exceeds a caption. */
const richCall = ({ content, priority }: Outgoing): Call => {
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

/** Renders the message without anything that Telegram has to fetch: no image, and links as text. */
const plainCall = ({ content }: Outgoing): Call => {
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
 * Patterns of error descriptions, because Telegram has no error codes. "Chat not found" is not among them: the chat may
 * belong to another bot, so its device is kept.
 */
const CHAT_GONE = /blocked by the user|user is deactivated|was kicked|chat was deleted|is not a member/i
const NOT_STARTED = /can't initiate conversation|can't send messages to bots/i
const NOT_FETCHED =
  /button.?url|URL content|web page content|file identifier|photo|PHOTO_|WEBPAGE_|wrong HTTP URL|IMAGE_/i

const outcomeOf = (answer: HttpAnswer): Outcome => {
  if (answer.status === 200) {
    const id = readJson(answer.body, Sent)?.result.message_id
    return outcomeOfSuccess(id === undefined ? undefined : String(id))
  }
  const { description = '', parameters } = readJson(answer.body, Failed) ?? {}
  const { status } = answer
  const detail = oneLine(`HTTP ${status} ${description}`)
  // Telegram limits each chat and the whole bot, and does not say which limit was hit: https://core.telegram.org/bots/faq
  if (status === 429) {
    // A proxy in front of a local Bot API server sends the header only.
    const afterMs = retryAfterMs(
      parameters?.retry_after === undefined
        ? answer.headers
        : { 'retry-after': String(Math.ceil(parameters.retry_after)) },
    )
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      detail,
      scope: 'recipient',
      ...(afterMs === undefined ? {} : { afterMs }),
    }
  }
  if (status === 401 || status === 404) return { outcome: 'account', reason: 'not_authorized', detail }
  if (CHAT_GONE.test(description))
    return { outcome: 'refused', reason: 'chat_gone', detail, forget: 'device' }
  if (NOT_STARTED.test(description)) return { outcome: 'refused', reason: 'not_started', detail }
  if (status === 403) return { outcome: 'refused', reason: 'not_allowed', detail }
  return outcomeOfStatus(answer, description)
}

/** Telegram: a bot that sends messages to users who started it and to groups that added it. */
export const telegram: Provider<TelegramConfig> = {
  name: 'telegram',
  channels: ['telegram'],
  config: TelegramConfig,
  repeatable: false,
  concurrency: 16,
  needs: () => 'device',
  open: ({ botToken, baseUrl: api }, { http }) => ({
    send: async (message, signal) => {
      const { address, content } = message
      if (address.kind !== 'device' || address.device.kind !== 'telegram')
        throw new TypeError('a telegram message must be addressed to a telegram device')
      if (!hasText(content)) return NO_TEXT
      let chat: string | number = address.device.chat
      let badRequest: z.infer<typeof Failed> | undefined
      const call = ({ method, body }: Call) =>
        postJson(
          http,
          { url: `${api}/bot${botToken}/${method}`, body: { chat_id: chat, ...body }, signal },
          (answer) => {
            badRequest = answer.status === 400 ? readJson(answer.body, Failed) : undefined
            return outcomeOf(answer)
          },
        )
      let outcome = await call(richCall(message))
      // A group that becomes a supergroup gets a new chat id.
      const newChat = badRequest?.parameters?.migrate_to_chat_id
      if (newChat !== undefined) {
        chat = newChat
        outcome = await call(richCall(message))
      }
      if (badRequest !== undefined && NOT_FETCHED.test(badRequest.description))
        outcome = await call(plainCall(message))
      return outcome
    },
    verify: async () => {
      const answer = await http.request({ url: `${api}/bot${botToken}/getMe` })
      if (!readJson(answer.body, Me))
        throw new Error(`Telegram rejected the token (HTTP ${answer.status}): check botToken`)
    },
    close: async () => {},
  }),
}
