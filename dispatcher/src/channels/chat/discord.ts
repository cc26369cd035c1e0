import type { Content, HttpAnswer, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { z } from 'zod'
import { hasText, linksOf } from '../../render/chat.ts'
import { cutEscaped } from '../../render/cut.ts'
import { outcomeOfSuccess, readJson } from '../api.ts'
import { atEndpoint, EMPTY, type Endpoint, endpointOf, endpointUrl, gone, postJson } from '../endpoint.ts'
import { oneLine, outcomeOfStatus } from '../outcome.ts'

const config = z.strictObject({
  url: endpointUrl("A channel's webhook, for users without a Discord device of their own")
    .regex(/\/api\/(v\d+\/)?webhooks\/\d+\/[A-Za-z0-9_-]+(\?|$)/, 'must be …/api/webhooks/<id>/<token>')
    .optional(),
})
type Config = z.infer<typeof config>

/** Limits of an embed, in characters; together they stay below its 6,000. */
const TITLE_MAX = 256
const DESCRIPTION_MAX = 4_096
const FIELD_MAX = 1_024

/** Text as it is: what means something in Markdown is escaped, but for addresses of the web. */
const escapeMarkdown = (text: string): string =>
  text.replaceAll(/https?:\/\/[^\s<>()[\]]+|[\\*_~`|<>[\]()#-]/gi, (found) =>
    /^http/i.test(found) ? found : `\\${found}`,
  )

/** Links in the place of buttons, which only bots may send; as many as fit. */
const linkField = (content: Content) => {
  let value = ''
  for (const { label, url } of linksOf(content, 8, 80)) {
    const line = `[${escapeMarkdown(label)}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`
    if (value.length + line.length + 1 <= FIELD_MAX) value += `${value === '' ? '' : '\n'}${line}`
  }
  return value === '' ? [] : [{ name: '\u200b', value }]
}

/** https://discord.com/developers/docs/resources/message#embed-object; nobody is mentioned, whatever the text says. */
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

/**
 * https://discord.com/developers/docs/topics/rate-limits: the scopes `user` and `shared` limit the resource, which is the
 * webhook; `global` limits everything.
 */
/** "Invalid Webhook Token" and "Unknown Webhook". */
const GONE = [50_027, 10_015]

const outcome = (endpoint: Endpoint, answer: HttpAnswer): Outcome => {
  if (answer.status === 200) return outcomeOfSuccess(readJson(answer.body, Sent)?.id)
  const code = readJson(answer.body, Failed)?.code
  const words = code === undefined ? '' : `Discord error ${code}`
  if (answer.status === 404 || answer.status === 410 || (code !== undefined && GONE.includes(code)))
    return gone(endpoint, oneLine(`HTTP ${answer.status} ${words}: the webhook is gone`))
  const said = atEndpoint(endpoint, outcomeOfStatus(answer, words))
  if (answer.status !== 429 || said.outcome !== 'retry') return said
  const limited = readJson(answer.body, Limited)
  // An answer that is not the API's comes from Cloudflare, which blocks the address: no webhook works then.
  const all = !limited || limited.global || answer.headers['x-ratelimit-scope'] === 'global'
  return {
    ...said,
    scope: all ? 'account' : 'recipient',
    // Seconds, and finer than the header's.
    ...(limited && { afterMs: Math.min(Math.ceil(limited.retry_after * 1_000), 86_400_000) }),
  }
}

/** Discord: embeds to the webhook of a channel. */
export const discord: Provider<Config> = {
  name: 'discord',
  channels: ['discord'],
  config,
  repeatable: false,
  concurrency: 4,
  needs: (_, { url }) => (url === undefined ? 'device' : 'account'),
  open: ({ url: own }, { http }) => ({
    send: async (message, signal) => {
      if (!hasText(message.content)) return EMPTY
      const endpoint = endpointOf('discord', message, own)
      const url = new URL(endpoint.url)
      url.searchParams.set('wait', 'true')
      return postJson(http, { url: url.href, body: render(message), signal }, (answer) =>
        outcome(endpoint, answer),
      )
    },
    verify: async () => {
      if (own === undefined) return
      const { status } = await http.request({ url: own })
      if (status !== 200) throw new Error(`Discord does not know the webhook: HTTP ${status}`)
    },
    close: async () => {},
  }),
}
