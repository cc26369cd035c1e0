import type { Outcome, Outgoing, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import { readJson } from '@carillon/core/json/json'
import { hasText } from '@carillon/core/render/chat'
import { z } from 'zod'
import { baseUrl, endpointUrl } from '../config.ts'
import { checkEndpoint, postJson } from '../endpoint.ts'
import { NO_TEXT, oneLine } from '../outcome.ts'
import { slackImage, slackMessage } from './slack-message.ts'
import { outcomeOfMethod, outcomeOfWebhook, SlackAnswer } from './slack-outcome.ts'

const SlackConfig = z
  .strictObject({
    webhookUrl: endpointUrl('An incoming webhook. Every message is posted to its channel').optional(),
    botToken: z
      .string()
      .regex(/^xox[\x21-\x7e]{6,1000}$/, 'must be a token such as xoxb-…')
      .optional()
      .describe("A bot token with chat:write. Messages are sent to users' devices of kind slack"),
    baseUrl: baseUrl('https://slack.com'),
  })
  .refine(({ webhookUrl, botToken }) => (webhookUrl === undefined) !== (botToken === undefined), {
    error: 'must have exactly one of webhookUrl and botToken',
  })
type SlackConfig = z.infer<typeof SlackConfig>

/** Sends a message. If Slack rejects its blocks, retries once without the image, which Slack has to fetch. */
const post = async (
  message: Outgoing,
  send: (body: ReturnType<typeof slackMessage>) => Promise<Outcome>,
): Promise<Outcome> => {
  if (!hasText(message.content)) return NO_TEXT
  const withImage = slackImage(message.content) !== undefined
  const first = await send(slackMessage(message, withImage))
  const refusedBlocks = first.outcome === 'refused' && first.reason.startsWith('invalid_blocks')
  return withImage && refusedBlocks ? send(slackMessage(message, false)) : first
}

const viaWebhook = (url: string, tools: Tools): Sender => ({
  send: (message, signal) =>
    post(message, (body) => postJson(tools.http, { url, body, signal }, outcomeOfWebhook)),
  verify: () => checkEndpoint(tools, url),
  close: async () => {},
})

const viaToken = (botToken: string, api: string, { http }: Tools): Sender => {
  const headers = { authorization: `Bearer ${botToken}` }
  return {
    send: async (message, signal) => {
      const { address } = message
      if (address.kind !== 'device' || address.device.kind !== 'slack')
        throw new TypeError('a slack message must be addressed to a slack device')
      const { channel } = address.device
      return post(message, (body) =>
        postJson(
          http,
          { url: `${api}/api/chat.postMessage`, headers, body: { channel, ...body }, signal },
          outcomeOfMethod,
        ),
      )
    },
    verify: async () => {
      const answer = await http.request({ method: 'POST', url: `${api}/api/auth.test`, headers })
      const body = readJson(answer.body, SlackAnswer)
      if (body?.ok !== true)
        throw new Error(`Slack rejected the token: ${oneLine(body?.error ?? `HTTP ${answer.status}`)}`)
      const scopes = answer.headers['x-oauth-scopes']
      if (scopes !== undefined && !scopes.split(/,\s*/).includes('chat:write'))
        throw new Error('the Slack token lacks the scope chat:write')
    },
    close: async () => {},
  }
}

/** Slack: posts to an incoming webhook, or sends messages to users as a bot. */
export const slack: Provider<SlackConfig> = {
  name: 'slack',
  channels: ['slack'],
  config: SlackConfig,
  repeatable: false,
  concurrency: 8,
  needs: (_, { botToken }) => (botToken === undefined ? 'account' : 'device'),
  open: ({ webhookUrl, botToken, baseUrl: api }, tools) =>
    botToken === undefined ? viaWebhook(webhookUrl ?? '', tools) : viaToken(botToken, api, tools),
}
