import { z } from 'zod'
import { CloudEvent } from './cloudevents.ts'
import { InboxItem, InboxPage, ItemPatch } from './inbox.ts'
import { LifecycleEvent } from './lifecycle.ts'
import { InboxAdded, InboxChanged, InboxReceived, InboxRemoved } from './live.ts'
import { NatsNotification, Notification, NotificationStatus } from './notification.ts'
import { TenantSettings } from './tenant.ts'
import { NotificationType } from './type.ts'
import { UserProfile } from './user.ts'

/** What others write is described as they write it, what Carillon writes as it comes out. */
const WRITTEN_BY_OTHERS = {
  notification: Notification,
  // Validated in two steps, so that a problem with the data says that it is with the data.
  'cloud-event': CloudEvent.extend({ data: NatsNotification.optional() }),
  'notification-type': NotificationType,
  'tenant-settings': TenantSettings,
  'user-profile': UserProfile,
  'item-patch': ItemPatch,
  'live-inbox-received': InboxReceived,
}
const WRITTEN_BY_CARILLON = {
  'notification-status': NotificationStatus,
  'inbox-item': InboxItem,
  'inbox-page': InboxPage,
  'live-inbox-added': InboxAdded,
  'live-inbox-changed': InboxChanged,
  'live-inbox-removed': InboxRemoved,
  'lifecycle-event': LifecycleEvent,
}

export type JsonSchemaName = keyof typeof WRITTEN_BY_OTHERS | keyof typeof WRITTEN_BY_CARILLON

const describe = (schemas: Record<string, z.ZodType>, io: 'input' | 'output') =>
  Object.entries(schemas).map(([name, schema]) => [
    name,
    { ...z.toJSONSchema(schema, { io, reused: 'inline' }), $id: `urn:carillon:schema:${name}` },
  ])

/**
 * The wire contract as JSON Schema (2020-12) by name, for senders and readers in other languages. Rules that only
 * code can check (a known time zone, `read` implies seen) are left to the answer of the API.
 */
export const jsonSchemas = (): Record<JsonSchemaName, Record<string, unknown>> =>
  Object.fromEntries([
    ...describe(WRITTEN_BY_OTHERS, 'input'),
    ...describe(WRITTEN_BY_CARILLON, 'output'),
  ]) as Record<JsonSchemaName, Record<string, unknown>>
