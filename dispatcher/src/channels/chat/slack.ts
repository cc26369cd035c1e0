import type {
  Content,
  HttpAnswer,
  Outcome,
  Outgoing,
  Provider,
  Sender,
  Tools,
} from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'
import { z } from 'zod'
import { escapeMarkup, hasText, linksOf } from '../../render/chat.ts'
import { cutEscaped } from '../../render/cut.ts'
import { baseUrl, outcomeOfSuccess, readJson } from '../api.ts'
import { checkEndpoint, EMPTY, endpointUrl, postJson } from '../endpoint.ts'
import { forRecipient, oneLine, outcomeOfStatus } from '../outcome.ts'

const config = z
  .strictObject({
    webhookUrl: endpointUrl('An incoming webhook: every message goes to its channel').optional(),
    botToken: z
      .string()
      .regex(/^xox[\x21-\x7e]{6,1000}$/, 'must be a token such as xoxb-…')
      .optional()
      .describe("A bot's token with chat:write: messages go to users' devices of the kind slack"),
    baseUrl: baseUrl('https://slack.com'),
  })
  .refine(({ webhookUrl, botToken }) => (webhookUrl === undefined) !== (botToken === undefined), {
    error: 'needs exactly one of webhookUrl and botToken',
  })
type Config = z.infer<typeof config>

/** Limits of the Block Kit reference, in characters. */
const HEADER_MAX = 150
const TEXT_MAX = 3_000
const BUTTON_MAX = 75

const mrkdwn = (text: string) => ({
  type: 'mrkdwn',
  text: cutEscaped(text, TEXT_MAX, escapeMarkup),
  verbatim: true,
})
const plain = (text: string, max: number) => ({ type: 'plain_text', text: cut(text, max), emoji: false })

/** https://docs.slack.dev/reference/block-kit/blocks; `text` is for what shows no blocks, such as the phone's lock screen. */
const render = ({ content }: Outgoing, withImage: boolean) => {
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
              elements: links.map(({ label, url }, place) => ({
                type: 'button',
                action_id: `open-${place}`,
                text: plain(label, BUTTON_MAX),
                url,
              })),
            },
          ]),
    ],
  }
}

const imageOf = ({ image }: Content): string | undefined =>
  image !== undefined && /^https?:/i.test(image) ? image : undefined

/**
 * What https://docs.slack.dev/reference/methods/chat.postMessage lists, where it is not simply a refusal. A channel that
 * is not found may be one of another workspace, or one that the bot has yet to be invited to: no device is forgotten.
 */
const ACCOUNT = new Set([
  'access_denied',
  'accesslimited',
  'account_inactive',
  'as_user_not_supported',
  'deprecated_endpoint',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'invalid_auth',
  'is_bot',
  'message_limit_exceeded',
  'method_deprecated',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'restricted_action',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
  'two_factor_setup_required',
])
const PASSING = new Set([
  'external_channel_migrating',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
])
/** Slack says of these that part of it may have been done. */
const DOUBTFUL = new Set(['fatal_error', 'internal_error'])

const outcomeOfWord = (word: string): Outcome => {
  const reason = /^[a-z][a-z0-9_]{1,63}$/.test(word) ? word : 'refused'
  const detail = oneLine(`Slack: ${reason}`)
  if (word === 'ratelimited' || word === 'rate_limited')
    return { outcome: 'retry', reason: 'rate_limited', detail, scope: 'recipient' }
  if (PASSING.has(word)) return { outcome: 'retry', reason: 'provider_error', detail }
  if (DOUBTFUL.has(word)) return { outcome: 'doubt', reason, detail }
  if (ACCOUNT.has(word)) return { outcome: 'account', reason, detail }
  return { outcome: 'refused', reason, detail }
}

const Answer = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  channel: z.string().optional(),
  ts: z.string().optional(),
})

const outcomeOfMethod = (answer: HttpAnswer): Outcome => {
  // One message a second for each channel, and a limit of the workspace: https://docs.slack.dev/apis/web-api/rate-limits
  if (answer.status !== 200) return forRecipient(outcomeOfStatus(answer))
  const said = readJson(answer.body, Answer)
  if (said?.ok === false) return outcomeOfWord(said.error ?? 'refused')
  return outcomeOfSuccess(said?.ts === undefined ? undefined : `${said.channel ?? ''}/${said.ts}`)
}

/** An incoming webhook answers with a status and a word; one whose channel or team is gone is the account's fault. */
const outcomeOfWebhook = (answer: HttpAnswer): Outcome => {
  const word = /^[a-z_]{1,64}$/.test(answer.body.trim()) ? answer.body.trim() : ''
  if ([403, 404, 410].includes(answer.status))
    return { outcome: 'account', reason: word || 'gone', detail: `HTTP ${answer.status} ${word}` }
  if (answer.status === 400 && word !== '')
    return { outcome: 'refused', reason: word, detail: `HTTP 400 ${word}` }
  return forRecipient(outcomeOfStatus(answer, word))
}

const viaWebhook = (url: string, tools: Tools): Sender => ({
  send: (message, signal) =>
    posting(message, (body) => postJson(tools.http, { url, body, signal }, outcomeOfWebhook)),
  verify: () => checkEndpoint(tools, url),
  close: async () => {},
})

const viaToken = (botToken: string, api: string, { http }: Tools): Sender => {
  const headers = { authorization: `Bearer ${botToken}` }
  return {
    send: async (message, signal) => {
      const { address } = message
      if (address.kind !== 'device' || address.device.kind !== 'slack')
        throw new TypeError('a message for slack has to be addressed to a device of that kind')
      const { channel } = address.device
      return posting(message, (body) =>
        postJson(
          http,
          { url: `${api}/api/chat.postMessage`, headers, body: { channel, ...body }, signal },
          outcomeOfMethod,
        ),
      )
    },
    verify: async () => {
      const answer = await http.request({ method: 'POST', url: `${api}/api/auth.test`, headers })
      const said = readJson(answer.body, Answer)
      if (said?.ok !== true)
        throw new Error(`Slack does not take the token: ${oneLine(said?.error ?? `HTTP ${answer.status}`)}`)
      const scopes = answer.headers['x-oauth-scopes']
      if (scopes !== undefined && !scopes.split(/,\s*/).includes('chat:write'))
        throw new Error('the Slack token needs the scope chat:write')
    },
    close: async () => {},
  }
}

/** Sends; without its image once more when Slack, which fetches it, refuses the blocks. */
const posting = async (
  message: Outgoing,
  post: (body: ReturnType<typeof render>) => Promise<Outcome>,
): Promise<Outcome> => {
  if (!hasText(message.content)) return EMPTY
  const withImage = imageOf(message.content) !== undefined
  const first = await post(render(message, withImage))
  const refusedBlocks = first.outcome === 'refused' && first.reason.startsWith('invalid_blocks')
  return withImage && refusedBlocks ? post(render(message, false)) : first
}

/** Slack: an incoming webhook, or a bot that writes to each user. */
export const slack: Provider<Config> = {
  name: 'slack',
  channels: ['slack'],
  config,
  repeatable: false,
  concurrency: 8,
  needs: (_, { botToken }) => (botToken === undefined ? 'account' : 'device'),
  open: ({ webhookUrl, botToken, baseUrl: api }, tools) =>
    botToken === undefined ? viaWebhook(webhookUrl ?? '', tools) : viaToken(botToken, api, tools),
}
