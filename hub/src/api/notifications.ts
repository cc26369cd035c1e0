import { planKey } from '@carillon/core/delivery/step'
import { ProblemError } from '@carillon/core/errors'
import { type Payload, readPayload, readStructured } from '@carillon/core/notification/cloudevents'
import { derivedUuid7, dueKey, uuid7Time } from '@carillon/core/notification/ids'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Notifications } from '@carillon/core/store/ports/notifications'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import {
  BATCH_MAX,
  Batch,
  CloudEvent,
  isCloudEvent,
  NOTIFICATION_MAX_BYTES,
  Notification,
  NotificationId,
  NotificationStatus,
  problem,
  scheduleSubject,
  Warning,
} from '@carillon/schemas'
import type { Context } from 'hono'
import { z } from 'zod'
import { contentOf, EVENT_TYPES, modeOf } from '../http/content.ts'
import type { Edge } from '../http/edge.ts'
import { batchProblem, ProblemSchema } from '../http/openapi/problems.ts'
import { answerProblem, problemOf } from '../http/problems.ts'
import type { Routes } from '../http/routes.ts'
import { DUPLICATES, IdempotencyKey, type Idempotent } from '../idempotency/idempotent.ts'
import type { Acceptance, Accepted } from '../notifications/accept.ts'
import { readBatch, readEvents } from '../notifications/batch.ts'
import type { Sums } from '../notifications/totals.ts'
import { isToAudience } from './deliveries.ts'
import { summaryOf } from './notification-list.ts'

const BATCH_MAX_BYTES = 8 * 1_024 * 1_024

const Id = z.object({ id: NotificationId })
const ID = '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d'
const Receipt = Id.extend({
  warnings: z.array(Warning).optional().describe('What was ignored; absent if nothing was'),
}).meta({
  id: 'NotificationReceipt',
  description: 'The id of an accepted notification',
  examples: [{ id: ID }],
})
const Refusal = z.object({ problem: ProblemSchema }).meta({
  id: 'NotificationRefusal',
  description: 'Why a notification of a batch was not accepted',
})
const BatchResult = z.union([Receipt, Refusal]).meta({
  id: 'NotificationBatchResult',
  description: 'The result of one notification of a batch',
})
const BatchResults = z
  .object({ results: z.array(BatchResult).describe('The results in the order of the request') })
  .meta({
    id: 'NotificationBatchResults',
    description: 'The results of a batch',
    examples: [{ results: [{ id: ID }] }],
  })
const BatchProblem = batchProblem(BatchResult)

const NotificationBatch = Batch.extend({
  notifications: z.array(Notification).min(1).max(BATCH_MAX),
}).meta({
  id: 'NotificationBatch',
  description: `Up to ${BATCH_MAX} notifications`,
  examples: [
    {
      notifications: [
        { to: 'ada', type: 'comment.created', title: 'Grace commented on your post' },
        { to: { topic: 'post-7' }, type: 'comment.created', title: 'A new comment' },
      ],
    },
  ],
})

const receipt = ({ id, warnings }: Accepted): z.infer<typeof Receipt> => ({
  id,
  ...(warnings.length > 0 ? { warnings } : {}),
})

/** Returns the id of the nth notification of a batch. It is the same at every retry of the batch. */
const idAt = (batch: string, index: number) =>
  derivedUuid7(uuid7Time(batch) ?? Date.now(), `batch\n${batch}\n${index}`)

export const notificationRoutes = (
  routes: Routes,
  parts: {
    acceptance: Acceptance
    idempotent: Idempotent
    notifications: Notifications
    sums: Sums
    stream: Stream
    log: Log
    metrics: Pick<Metrics, 'faults'>
  },
) => {
  const { acceptance, idempotent, notifications, sums, stream, log, metrics } = parts
  /** Records an internal error about one entry of a batch. The other entries are accepted all the same. */
  const fault = (c: Context<Edge>, err: unknown) => {
    metrics.faults.inc({ where: 'request' })
    log.error({ err, requestId: c.get('requestId'), tenant: c.get('tenant') }, 'an entry of a batch failed')
  }
  const replayed = (yes: boolean) => (yes ? { 'idempotency-replayed': 'true' } : undefined)

  type Sending = { c: Context<Edge>; sender: Sender; route: string; bytes: Uint8Array }

  const sendOne = async ({ c, sender, route, bytes }: Sending, read: () => Payload) => {
    const answer = await idempotent(
      { sender, key: c.req.header('idempotency-key'), route, bytes },
      async (id) => {
        const accepted = await acceptance.check(sender, read, () => id)
        const [reused] = await acceptance.append([accepted])
        if (reused) throw reused
        return { status: 202, body: receipt(accepted) }
      },
    )
    return c.json(answer.body as z.infer<typeof Receipt>, 202, replayed(answer.replayed))
  }

  /** Accepts or refuses each entry on its own. `entries` returns a reader of each. */
  const sendAll = async ({ c, sender, route, bytes }: Sending, entries: () => (() => Payload)[]) => {
    const answer = await idempotent(
      { sender, key: c.req.header('idempotency-key'), route, bytes },
      async (id) => {
        const good: Accepted[] = []
        const results: (Accepted | { problem: unknown })[] = []
        for (const [index, read] of entries().entries()) {
          try {
            const accepted = await acceptance.check(sender, read, () => idAt(id, index))
            good.push(accepted)
            results.push(accepted)
          } catch (error) {
            if (error instanceof ProblemError && error.problem.status >= 500) throw error
            if (!(error instanceof ProblemError)) fault(c, error)
            results.push({ problem: problemOf(error) })
          }
        }
        const reused = new Map<unknown, ProblemError>()
        for (const [index, problem] of (await acceptance.append(good)).entries())
          if (problem) reused.set(good[index], problem)
        const answers = results.map((result) => {
          const problem = reused.get(result)
          if (problem) return { problem: problemOf(problem) }
          return 'problem' in result ? result : receipt(result)
        })
        const accepted = good.length - reused.size
        if (accepted === 0 && answers.length > 0) throw new NoneAccepted(answers)
        return { status: accepted === answers.length ? 202 : 207, body: { results: answers } }
      },
    ).catch((error) => {
      if (error instanceof NoneAccepted) return error
      throw error
    })
    if (answer instanceof NoneAccepted)
      return answerProblem(c, problem('invalid_request', answer.message), { results: answer.results })
    return c.json(answer.body as object, answer.status === 207 ? 207 : 202, replayed(answer.replayed))
  }

  const sendEvents = (sending: Sending) =>
    sendAll(sending, () => readEvents(sending.bytes).map((read) => () => readStructured(read())))

  routes.sender(
    'notifications:write',
    {
      method: 'post',
      path: '/v1/notifications',
      operationId: 'sendNotification',
      tag: 'Notifications',
      summary: 'Send a notification',
      description:
        'Accepts one notification of at most 64 KiB, as JSON or as a CloudEvent in the structured or binary mode. Send an `id` or an `Idempotency-Key` to make retries safe.',
      headers: IdempotencyKey,
      body: Notification,
      moreTypes: { [EVENT_TYPES.structured]: CloudEvent },
      bodyMaxBytes: NOTIFICATION_MAX_BYTES,
      answers: {
        202: { description: 'Accepted: it is in the event log, durably', schema: Receipt },
      },
      problems: [
        'too_far',
        'time_passed',
        'type_unknown',
        'no_app_url',
        'id_reused',
        'stream_full',
        ...DUPLICATES,
      ],
    },
    async ({ c, bytes }, sender) => {
      const mode = modeOf(c.req, ['structured', 'binary', 'batch'])
      if (mode === 'batch')
        return sendEvents({ c, sender, route: 'events', bytes: await bytes(BATCH_MAX_BYTES) })
      const content = contentOf(c.req, await bytes())
      // In binary mode the headers identify the event.
      const event = mode === 'binary' ? `\n${content.header('ce-source')}\n${content.header('ce-id')}` : ''
      return sendOne({ c, sender, route: `notification${event}`, bytes: content.bytes }, () =>
        readPayload(mode, content),
      )
    },
  )

  routes.sender(
    'notifications:write',
    {
      method: 'post',
      path: '/v1/notifications/batch',
      operationId: 'sendNotificationBatch',
      tag: 'Notifications',
      summary: 'Send up to 1,000 notifications',
      description:
        'Accepts up to 1,000 notifications of at most 8 MiB together, or a list of CloudEvents as `application/cloudevents-batch+json`. Each is accepted or refused on its own. If none is accepted, the response is a 422 with the results, and the `Idempotency-Key` is free again.',
      headers: IdempotencyKey,
      body: NotificationBatch,
      moreTypes: {},
      batch: BatchProblem,
      bodyMaxBytes: BATCH_MAX_BYTES,
      answers: {
        202: { description: 'All accepted: they are in the event log, durably', schema: BatchResults },
        207: { description: 'Some accepted', schema: BatchResults },
      },
      problems: ['stream_full', ...DUPLICATES],
    },
    async ({ c, bytes }, sender) => {
      const mode = modeOf(c.req, ['batch'])
      const raw = await bytes()
      if (mode === 'batch') return sendEvents({ c, sender, route: 'events', bytes: raw })
      return sendAll({ c, sender, route: 'batch', bytes: raw }, () =>
        readBatch(raw).map((read) => () => {
          const value = read()
          return isCloudEvent(value) ? readStructured(value) : { value, at: [] }
        }),
      )
    },
  )

  routes.sender(
    'notifications:read',
    {
      method: 'get',
      path: '/v1/notifications/{id}',
      operationId: 'getNotification',
      tag: 'Notifications',
      summary: 'Get the status of a notification',
      description:
        'Returns the state of a notification, the number of inboxes that have it and its delivery totals. It is found once a dispatcher has read it.',
      params: Id,
      answers: { 200: { description: 'The status', schema: NotificationStatus } },
      problems: ['not_found'],
    },
    async ({ c, params }, sender) => {
      const found = await notifications.get(sender.tenant, params.id)
      if (!found) throw notFound()
      const status: NotificationStatus = {
        ...summaryOf(found),
        ...(found.planned || found.skipped
          ? { deliveries: await sums(sender.tenant, { id: found.id, toAudience: isToAudience(found) }) }
          : {}),
      }
      return c.json(status)
    },
  )

  routes.sender(
    'notifications:write',
    {
      method: 'delete',
      path: '/v1/notifications/{id}',
      operationId: 'cancelNotification',
      tag: 'Notifications',
      summary: 'Cancel a notification',
      description:
        'Cancels what is still pending: its delivery, if it is scheduled, and the steps of its delivery plan. Items that are already in an inbox stay. A notification that is delivered and has no plan cannot be cancelled.',
      params: Id,
      answers: { 204: { description: 'Cancelled' } },
      problems: ['not_found', 'already_delivered'],
    },
    async ({ c, params }, { tenant }) => {
      const found = await notifications.get(tenant, params.id)
      if (!found) throw notFound()
      if (found.state === 'delivered' && !found.planned)
        throw new ProblemError('already_delivered', 'every recipient has it in the inbox')
      if (found.state !== 'cancelled') await notifications.cancel(tenant, params.id, Date.now())
      // The steps of an audience end when they become due.
      const waiting = (found.planned ? found.users : undefined) ?? []
      await stream.cancel([
        scheduleSubject(tenant, dueKey(params.id)),
        ...waiting.map((user) => planKey({ tenant, notification: params.id, user })),
      ])
      return c.body(null, 204)
    },
  )
}

const notFound = () => new ProblemError('not_found', 'there is no such notification')

/** Thrown if no notification of a batch is accepted. Its idempotency key is released, for a corrected batch. */
class NoneAccepted extends Error {
  override name = 'NoneAccepted'
  readonly results: unknown[]
  constructor(results: unknown[]) {
    super('none of the notifications was accepted; `results` has the reasons')
    this.results = results
  }
}
