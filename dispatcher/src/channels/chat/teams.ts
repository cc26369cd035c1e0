import type { Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { hasText, linksOf } from '@carillon/core/render/chat'
import { cut } from '@carillon/schemas'
import { z } from 'zod'
import { endpointUrl } from '../config.ts'
import { checkEndpoint, type Endpoint, endpointGone, endpointOf, forEndpoint, postJson } from '../endpoint.ts'
import { NO_TEXT, outcomeOfStatus } from '../outcome.ts'

const TeamsConfig = z.strictObject({
  url: endpointUrl('The webhook of a workflow, used for users without a Teams device').optional(),
})
type TeamsConfig = z.infer<typeof TeamsConfig>

/** Teams accepts messages of up to 28 KB, including what it adds itself. */
const MESSAGE_MAX_BYTES = 27_000
const BODY_MAX = 16_384
const LINES_MAX = 40

/** A block of literal text. A TextBlock would interpret Markdown. */
const textBlock = (text: string, style: Record<string, unknown>, spacing = 'default') => ({
  type: 'RichTextBlock',
  spacing,
  inlines: [{ type: 'TextRun', text, ...style }],
})

/** Splits text into lines, because blocks ignore line breaks. The last line holds all that exceeds `LINES_MAX`. */
const lines = (body: string): string[] => {
  const all = body.split(/\r?\n/).filter((line) => line.trim() !== '')
  return all.length <= LINES_MAX ? all : [...all.slice(0, LINES_MAX - 1), all.slice(LINES_MAX - 1).join(' ')]
}

/** Builds an Adaptive Card 1.4 (https://adaptivecards.io/explorer) in the envelope that workflows expect. */
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
            ...(title ? [textBlock(title, { weight: 'bolder', size: 'medium' })] : []),
            ...lines(cut(body ?? '', bodyMax)).map((line, index) =>
              textBlock(line, {}, index === 0 ? 'default' : 'none'),
            ),
            ...(image && /^https?:/i.test(image)
              ? [{ type: 'Image', url: image, altText: title ?? '' }]
              : []),
            ...(actor?.name ? [textBlock(actor.name, { isSubtle: true, size: 'small' })] : []),
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

/** Renders the card and shortens its body until the message fits. */
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

/** Returns the status. Older webhooks always respond with 200 and put the real status into the text. */
const statusOf = ({ status, body }: HttpAnswer): number => {
  const inText =
    status === 200 ? /failed with error.*HTTP error (\d{3})/i.exec(body.slice(0, 1_000))?.[1] : undefined
  return inText === undefined ? status : Number(inText)
}

const outcomeOf = (endpoint: Endpoint, answer: HttpAnswer): Outcome => {
  const status = statusOf(answer)
  const code = readJson(answer.body, Failed)?.error.code ?? ''
  if (status === 404 || status === 410)
    return endpointGone(endpoint, `HTTP ${status} ${code}: the webhook does not exist`)
  return forEndpoint(
    endpoint,
    code === 'WorkflowTriggerIsNotEnabled'
      ? { outcome: 'account', reason: 'disabled', detail: 'the workflow is turned off' }
      : outcomeOfStatus({ ...answer, status }, code),
  )
}

/** Microsoft Teams: posts Adaptive Cards to the webhook of a workflow. */
export const teams: Provider<TeamsConfig> = {
  name: 'teams',
  channels: ['teams'],
  config: TeamsConfig,
  repeatable: false,
  concurrency: 8,
  needs: (_, { url }) => (url === undefined ? 'device' : 'account'),
  open: ({ url }, tools) => ({
    send: async (message, signal) => {
      if (!hasText(message.content)) return NO_TEXT
      const endpoint = endpointOf('teams', message, url)
      return postJson(tools.http, { url: endpoint.url, body: render(message), signal }, (answer) =>
        outcomeOf(endpoint, answer),
      )
    },
    verify: () => checkEndpoint(tools, url),
    close: async () => {},
  }),
}
