import type { HttpAnswer, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'
import { z } from 'zod'
import { hasText, linksOf } from '../../render/chat.ts'
import { readJson } from '../api.ts'
import {
  atEndpoint,
  checkEndpoint,
  EMPTY,
  type Endpoint,
  endpointOf,
  endpointUrl,
  gone,
  postJson,
} from '../endpoint.ts'
import { outcomeOfStatus } from '../outcome.ts'

const config = z.strictObject({
  url: endpointUrl('The webhook of a workflow, for users without a Teams device of their own').optional(),
})
type Config = z.infer<typeof config>

/** The most Teams takes of one message, in bytes, less some room for what it adds. */
const MESSAGE_MAX_BYTES = 27_000
const BODY_MAX = 16_384
const LINES_MAX = 40

/** Text as it is: a TextBlock would read Markdown into it. */
const text = (words: string, style: Record<string, unknown>, spacing = 'default') => ({
  type: 'RichTextBlock',
  spacing,
  inlines: [{ type: 'TextRun', text: words, ...style }],
})

/** A block for each line, for line breaks in one mean nothing; all beyond the last one in that one. */
const lines = (body: string): string[] => {
  const all = body.split(/\r?\n/).filter((line) => line.trim() !== '')
  return all.length <= LINES_MAX ? all : [...all.slice(0, LINES_MAX - 1), all.slice(LINES_MAX - 1).join(' ')]
}

/** https://adaptivecards.io/explorer, version 1.4, as workflows post it. */
const card = ({ content }: Outgoing, bodyMax: number) => {
  const { title, body, image, actor } = content
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          fallbackText: cut(title ?? body ?? '', 256),
          body: [
            ...(title ? [text(title, { weight: 'bolder', size: 'medium' })] : []),
            ...lines(cut(body ?? '', bodyMax)).map((line, place) =>
              text(line, {}, place === 0 ? 'default' : 'none'),
            ),
            ...(image && /^https?:/i.test(image)
              ? [{ type: 'Image', url: image, altText: title ?? '' }]
              : []),
            ...(actor?.name ? [text(actor.name, { isSubtle: true, size: 'small' })] : []),
          ],
          actions: linksOf(content, 6, 128).map(({ label, url }) => ({
            type: 'Action.OpenUrl',
            title: label,
            url,
          })),
        },
      },
    ],
  }
}

/** The card with as much of its body as Teams takes. */
const render = (message: Outgoing): string => {
  let bodyMax = BODY_MAX
  let json = JSON.stringify(card(message, bodyMax))
  while (Buffer.byteLength(json) > MESSAGE_MAX_BYTES && bodyMax > 32) {
    bodyMax = Math.floor(bodyMax * 0.75)
    json = JSON.stringify(card(message, bodyMax))
  }
  return json
}

const Failed = z.object({ error: z.object({ code: z.string().regex(/^[A-Za-z]{1,64}$/) }) })

/** Older webhooks answer 200 whatever happened, and name the status in words. */
const statusOf = ({ status, body }: HttpAnswer): number => {
  const told =
    status === 200 ? /failed with error.*HTTP error (\d{3})/i.exec(body.slice(0, 1_000))?.[1] : undefined
  return told === undefined ? status : Number(told)
}

const outcome = (endpoint: Endpoint, answer: HttpAnswer): Outcome => {
  const status = statusOf(answer)
  const code = readJson(answer.body, Failed)?.error.code ?? ''
  if (status === 404 || status === 410) return gone(endpoint, `HTTP ${status} ${code}: the webhook is gone`)
  return atEndpoint(
    endpoint,
    code === 'WorkflowTriggerIsNotEnabled'
      ? { outcome: 'account', reason: 'disabled', detail: 'the workflow is switched off' }
      : outcomeOfStatus({ ...answer, status }, code),
  )
}

/** Microsoft Teams: Adaptive Cards to the webhook of a workflow. */
export const teams: Provider<Config> = {
  name: 'teams',
  channels: ['teams'],
  config,
  repeatable: false,
  concurrency: 8,
  needs: (_, { url }) => (url === undefined ? 'device' : 'account'),
  open: ({ url }, tools) => ({
    send: async (message, signal) => {
      if (!hasText(message.content)) return EMPTY
      const endpoint = endpointOf('teams', message, url)
      return postJson(tools.http, { url: endpoint.url, body: render(message), signal }, (answer) =>
        outcome(endpoint, answer),
      )
    },
    verify: () => checkEndpoint(tools, url),
    close: async () => {},
  }),
}
