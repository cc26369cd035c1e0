import type { Content, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { hasText, linksOf } from '@carillon/core/render/chat'
import { cutEscaped } from '@carillon/core/render/cut'
import { z } from 'zod'
import { endpointUrl } from '../config.ts'
import { type Endpoint, endpointGone, endpointOf, forEndpoint, postJson } from '../endpoint.ts'
import { NO_TEXT, oneLine, outcomeOfStatus, outcomeOfSuccess } from '../outcome.ts'

const DiscordConfig = z.strictObject({
  url: endpointUrl('The webhook of a channel, used for users without a Discord device')
    .regex(/\/api\/(v\d+\/)?webhooks\/\d+\/[A-Za-z0-9_-]+(\?|$)/, 'must be …/api/webhooks/<id>/<token>')
    .optional(),
})
type DiscordConfig = z.infer<typeof DiscordConfig>

/** Limits of the parts of an embed, in characters. Their sum stays below the limit of 6,000 for a whole embed. */
const TITLE_MAX = 256
const DESCRIPTION_MAX = 4_096
const FIELD_MAX = 1_024

/** Escapes Markdown, except inside web URLs. */
const escapeMarkdown = (text: string): string =>
  text.replaceAll(/https?:\/\/[^\s<>()[\]]+|[\\*_~`|<>[\]()#-]/gi, (match) =>
    /^http/i.test(match) ? match : `\\${match}`,
  )

/** Renders as many links as fit. Webhooks cannot send buttons; only bots can. */
const linkField = (content: Content) => {
  let value = ''
  for (const { label, url } of linksOf(content, 8, 80)) {
    const line = `[${escapeMarkdown(label)}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`
    if (value.length + line.length + 1 <= FIELD_MAX) value += `${value === '' ? '' : '\n'}${line}`
  }
  return value === '' ? [] : [{ name: '\u200b', value }]
}

/**
 * Renders an embed: https://discord.com/developers/docs/resources/message#embed-object. Mentions in the text have no
 * effect.
 */
const render = ({ content, at }: Outgoing) => {
  const { title, body, url, image, actor } = content
  const web = (link: string | undefined) => (link && /^https?:/i.test(link) ? link : undefined)
  return {
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: title && cutEscaped(title, TITLE_MAX, escapeMarkdown),
        description: body && cutEscaped(body, DESCRIPTION_MAX, escapeMarkdown),
        url: web(url),
        timestamp: new Date(at).toISOString(),
        image: web(image) && { url: web(image) },
        author: actor?.name && {
          name: cutEscaped(actor.name, TITLE_MAX, (name) => name),
          icon_url: web(actor.avatar),
        },
        fields: linkField(content),
      },
    ],
  }
}

const Sent = z.object({ id: z.string().min(1).max(32) })
const Failed = z.object({ code: z.int() })
const Limited = z.object({ retry_after: z.number().positive(), global: z.boolean().optional() })

/** "Invalid Webhook Token" and "Unknown Webhook". */
const GONE = [50_027, 10_015]

/**
 * Maps a response to an outcome. A rate limit of scope `user` or `shared` applies to the webhook, `global` to everything:
 * https://discord.com/developers/docs/topics/rate-limits
 */
const outcomeOf = (endpoint: Endpoint, answer: HttpAnswer): Outcome => {
  if (answer.status === 200) return outcomeOfSuccess(readJson(answer.body, Sent)?.id)
  const code = readJson(answer.body, Failed)?.code
  const text = code === undefined ? '' : `Discord error ${code}`
  if (answer.status === 404 || answer.status === 410 || (code !== undefined && GONE.includes(code)))
    return endpointGone(endpoint, oneLine(`HTTP ${answer.status} ${text}: the webhook does not exist`))
  const outcome = forEndpoint(endpoint, outcomeOfStatus(answer, text))
  if (answer.status !== 429 || outcome.outcome !== 'retry') return outcome
  const limited = readJson(answer.body, Limited)
  // A response without these fields comes from Cloudflare, which has blocked our IP address for all webhooks.
  const isGlobal = !limited || limited.global || answer.headers['x-ratelimit-scope'] === 'global'
  return {
    ...outcome,
    scope: isGlobal ? 'account' : 'recipient',
    // In seconds, and more precise than the header.
    ...(limited && { afterMs: Math.min(Math.ceil(limited.retry_after * 1_000), 86_400_000) }),
  }
}

/** Discord: posts embeds to the webhook of a channel. */
export const discord: Provider<DiscordConfig> = {
  name: 'discord',
  channels: ['discord'],
  config: DiscordConfig,
  repeatable: false,
  concurrency: 4,
  needs: (_, { url }) => (url === undefined ? 'device' : 'account'),
  open: ({ url: accountUrl }, { http }) => ({
    send: async (message, signal) => {
      if (!hasText(message.content)) return NO_TEXT
      const endpoint = endpointOf('discord', message, accountUrl)
      const url = new URL(endpoint.url)
      url.searchParams.set('wait', 'true')
      return postJson(http, { url: url.href, body: render(message), signal }, (answer) =>
        outcomeOf(endpoint, answer),
      )
    },
    verify: async () => {
      if (accountUrl === undefined) return 'unchecked'
      const { status } = await http.request({ url: accountUrl })
      if (status !== 200) throw new Error(`Discord rejected the webhook URL (HTTP ${status}): check url`)
    },
    close: async () => {},
  }),
}
