import { ProblemError } from '@carillon/core/errors'
import { type Payload, readPayload, readStructured } from '@carillon/core/notification/cloudevents'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Notifications } from '@carillon/core/store/ports/notifications'
import { isCloudEvent, type NotificationStatus, problem } from '@carillon/schemas'
import type { Context } from 'hono'
import type { Edge } from '../http/application.ts'
import { contentOf, modeOf } from '../http/media-types.ts'
import { answerProblem } from '../http/problems.ts'
import type { Routes } from '../http/routes.ts'
import type { Answer } from '../idempotency/port.ts'
import { readBatch, readEvents } from '../notifications/batch.ts'
import type { Cancel } from '../notifications/cancel.ts'
import type { DryRunOf } from '../notifications/dry-run.ts'
import { NoneAccepted, type Send } from '../notifications/send.ts'
import type { Totals } from '../notifications/totals.ts'
import { isToAudience } from './deliveries.ts'
import { summaryOf } from './notification-list.ts'
import {
  BATCH_MAX_BYTES,
  cancelNotification,
  cancelNotifications,
  getNotification,
  sendNotification,
  sendNotificationBatch,
} from './notifications-openapi.ts'

const requestOf = (c: Context<Edge>, sender: Sender, route: string, bytes: Uint8Array) => ({
  sender,
  route,
  bytes,
  key: c.req.header('idempotency-key'),
  requestId: c.get('requestId'),
})

const eventsIn = (bytes: Uint8Array) => () => readEvents(bytes).map((read) => () => readStructured(read()))

const notificationsIn = (bytes: Uint8Array) => () =>
  readBatch(bytes).map((read) => () => {
    const value = read()
    return isCloudEvent(value) ? readStructured(value) : { value, at: [] }
  })

const respond = async (c: Context<Edge>, sent: Promise<Answer & { replayed: boolean }>) => {
  try {
    const { body, status, replayed } = await sent
    return c.json(
      body as object,
      status === 207 ? 207 : 202,
      replayed ? { 'idempotency-replayed': 'true' } : undefined,
    )
  } catch (error) {
    if (!(error instanceof NoneAccepted)) throw error
    return answerProblem(c, problem('invalid_request', error.message), { results: error.results })
  }
}

/** Returns the value of a body; undefined if it cannot be parsed. `accept` then refuses and counts it. */
const payloadValue = (read: () => Payload): unknown => {
  try {
    return read().value
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

const DRY_RUN = Buffer.from('"dryRun"')

/** Reports whether a request is for a dry run. Parses only bodies that contain the key. */
const isDryRun = (bytes: Uint8Array, read: () => Payload): boolean => {
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(DRY_RUN)) return false
  const value = payloadValue(read)
  return typeof value === 'object' && value !== null && 'dryRun' in value && value.dryRun === true
}

export const notificationRoutes = (
  routes: Routes,
  parts: { send: Send; dryRun: DryRunOf; cancel: Cancel; notifications: Notifications; totals: Totals },
) => {
  const { send, dryRun, cancel, notifications, totals } = parts

  routes.sender('notifications:write', sendNotification, async ({ c, bytes }, sender) => {
    const mode = modeOf(c.req, ['structured', 'binary', 'batch'])
    if (mode === 'batch') {
      const raw = await bytes(BATCH_MAX_BYTES)
      return respond(c, send.batch(requestOf(c, sender, 'events', raw), eventsIn(raw)))
    }
    const content = contentOf(c.req, await bytes())
    // In binary mode, the headers identify the event.
    const event = mode === 'binary' ? `\n${content.header('ce-source')}\n${content.header('ce-id')}` : ''
    const request = requestOf(c, sender, `notification${event}`, content.bytes)
    const read = () => readPayload(mode, content)
    if (isDryRun(content.bytes, read))
      return c.json(await dryRun(sender.tenant, read), 200, { 'cache-control': 'no-store' })
    return respond(c, send.one(request, read))
  })

  routes.sender('notifications:write', sendNotificationBatch, async ({ c, bytes }, sender) => {
    const mode = modeOf(c.req, ['batch'])
    const raw = await bytes()
    const [route, entries] =
      mode === 'batch' ? (['events', eventsIn(raw)] as const) : (['batch', notificationsIn(raw)] as const)
    return respond(c, send.batch(requestOf(c, sender, route, raw), entries))
  })

  routes.sender('notifications:read', getNotification, async ({ c, params }, sender) => {
    const found = await notifications.get(sender.tenant, params.id)
    if (!found) throw new ProblemError('not_found', 'there is no such notification')
    const status: NotificationStatus = {
      ...summaryOf(found),
      ...(found.planned || found.skipped
        ? { deliveries: await totals(sender.tenant, { id: found.id, toAudience: isToAudience(found) }) }
        : {}),
    }
    return c.json(status)
  })

  routes.sender('notifications:write', cancelNotification, async ({ c, params }, { tenant }) => {
    return c.json(await cancel.one(tenant, params.id))
  })

  routes.sender('notifications:write', cancelNotifications, async ({ c, query }, { tenant }) => {
    return c.json(await cancel.byKey(tenant, query.cancelKey))
  })
}
