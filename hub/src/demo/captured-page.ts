import { type Captured, CapturedEnvelope } from '@carillon/core/delivery/captured'
import { ProblemError } from '@carillon/core/errors'
import { Channel, DeliveryState, NotificationId, Timestamp, UserId } from '@carillon/schemas'
import type { Hono } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { z } from 'zod'
import type { Edge } from '../http/application.ts'
import type { Routes } from '../http/routes.ts'
import type { CapturedList } from './captured.ts'

/** Maximum messages buffered for a slow page: as many as the page shows. */
const WAITING_MAX = 200
/** Reconnection time of the event stream, in ms. */
const RETRY_MS = 1_000

/** The Content-Security-Policy of an e-mail: images and links in new windows only, no scripts, no access to the hub. */
const MAIL_CSP = [
  "default-src 'none'",
  'img-src https: http: data:',
  "style-src 'unsafe-inline'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
  "frame-ancestors 'self'",
].join('; ')

const ShownMessage = z.object({
  id: z.string(),
  at: Timestamp,
  user: UserId,
  channel: Channel,
  to: z.string(),
  subject: z.string().optional(),
  text: z.string(),
  ...CapturedEnvelope.shape,
  html: z.boolean().describe('Whether there is /demo/captured/{id}.html'),
  skipped: z.string().optional().describe('Why it could not have been sent'),
  provider: z.string().optional().describe('The account that sends it for real'),
  trouble: z
    .object({
      state: DeliveryState,
      reason: z.string(),
      detail: z.string(),
      until: Timestamp.optional().describe('When it is tried next'),
    })
    .optional()
    .describe('What keeps that account from sending it'),
  notification: NotificationId,
})
type ShownMessage = z.infer<typeof ShownMessage>

const shown = ({ html, ...message }: Captured): ShownMessage => ({ ...message, html: html !== undefined })

/** Opens links in new windows, because the frame cannot navigate. */
const inWindows = (html: string) => html.replace(/<head[^>]*>/i, '$&<base target="_blank">')

/** Serves captured messages: the list, an e-mail as HTML, and an event stream. `close` ends open streams. */
export const capturedRoutes = (app: Hono<Edge>, routes: Routes, captured: CapturedList) => {
  const following = new Set<() => void>()
  let closed = false

  routes.open(
    {
      method: 'get',
      path: '/demo/captured.json',
      internal: true,
      operationId: 'listCaptured',
      tag: 'Operations',
      summary: 'List the captured messages',
      description: 'Lists the messages sent outside the inbox, newest first.',
      answers: {
        200: { description: 'The messages', schema: z.object({ captured: z.array(ShownMessage) }) },
      },
    },
    ({ c }) => c.json({ captured: captured.list().map(shown) }, 200, { 'cache-control': 'no-store' }),
  )

  app.get('/demo/captured/:page{.+\\.html}', (c) => {
    c.set('route', '/demo/captured/{id}.html')
    const html = captured.get(c.req.param('page').slice(0, -'.html'.length))?.html
    if (html === undefined) throw new ProblemError('not_found', 'there is no such e-mail')
    return c.body(inWindows(html), 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': MAIL_CSP,
      'cache-control': 'no-store',
    })
  })

  const follow = async (stream: SSEStreamingApi) => {
    const waiting: Captured[] = []
    let wake = () => {}
    const onChange = () => wake()
    const stop = captured.onAdd((message) => {
      waiting.push(message)
      if (waiting.length > WAITING_MAX) waiting.shift()
      wake()
    })
    following.add(onChange)
    stream.onAbort(onChange)
    await stream.write(`retry: ${RETRY_MS}\n\n`)
    while (!stream.aborted && !closed) {
      const message = waiting.shift()
      if (message) await stream.writeSSE({ event: 'captured', data: JSON.stringify(shown(message)) })
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    following.delete(onChange)
    stop()
  }

  app.get('/demo/captured/events', (c) => {
    c.set('route', '/demo/captured/events')
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' })
    const response = streamSSE(c, follow)
    // An open stream would delay the server's close.
    response.headers.set('connection', 'close')
    return response
  })

  return {
    close: () => {
      closed = true
      for (const end of following) end()
    },
  }
}
