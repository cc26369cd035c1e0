import { z } from 'zod'
import { incomingOf } from '../http/incoming.ts'
import { integer } from '../http/integer.ts'
import { defineRoute, type Routes } from '../http/routes.ts'
import { type LongPolls, POLL_MAX_MS } from '../sockets/long-polls.ts'

const POSITION = 'mfz3k2b1.5f2c7a1e-8d0b-4b7e-9a55-0c1d2e3f4a5b.42'

const LivePoll = z
  .object({
    moved: z.boolean().describe('Whether something may have changed since the position: fetch the inbox'),
    position: z.string().describe('Where the next poll continues. Opaque'),
  })
  .meta({
    id: 'LivePoll',
    description: 'Whether the inbox or the preferences of the user changed',
    examples: [{ moved: true, position: POSITION }],
  })

const TrueOrFalse = z
  .enum(['true', 'false'])
  .meta({ id: 'TrueOrFalse', description: 'A boolean in a query', examples: ['true'] })

const pollLive = defineRoute({
  method: 'get',
  path: '/v1/live',
  operationId: 'pollLive',
  tag: 'Inbox',
  summary: 'Wait for changes',
  description:
    'A long poll, for networks without WebSockets. Returns at once if something changed since `position`, otherwise on the next change, and after `wait` seconds at the latest. Any hub can answer. Between two polls the user counts as connected. Without a position, or 25 seconds after the last response, `moved` is true: fetch the inbox.',
  query: z.strictObject({
    position: z
      .string()
      .max(1_000)
      .regex(/^[\w.-]+$/, 'must be the `position` of a response of this route; omit it at first')
      .optional()
      .describe('The position of the last response; omitted at first')
      .meta({ examples: [POSITION] }),
    active: TrueOrFalse.default('true').describe(
      '`false`: nobody uses the app now. Its connection then does not count for the condition `offline`',
    ),
    wait: integer(0, POLL_MAX_MS / 1_000)
      .default(POLL_MAX_MS / 1_000)
      .describe('The maximum time until the response, in seconds'),
  }),
  answers: { 200: { description: 'The position, and whether something changed', schema: LivePoll } },
  problems: ['unavailable'],
})

/** Adds the long poll of front ends without a WebSocket. */
export const liveRoutes = (routes: Routes, { longPolls }: { longPolls: LongPolls }) => {
  routes.user(pollLive, async ({ c, query }, { tenant, user, contexts, expiresAt }) => {
    const gone = new AbortController()
    const connection = incomingOf(c)?.socket
    const onClose = () => gone.abort()
    connection?.once('close', onClose)
    try {
      const answer = await longPolls.poll(
        { tenant, user, contexts },
        {
          active: query.active === 'true',
          position: query.position,
          waitMs: Math.max(0, Math.min(query.wait * 1_000, expiresAt - Date.now())),
          gone: gone.signal,
        },
      )
      return c.json(answer, 200, { 'cache-control': 'no-store' })
    } finally {
      connection?.off('close', onClose)
    }
  })
}
