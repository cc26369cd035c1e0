import { z } from 'zod'
import { InboxItem } from '../inbox/item.ts'
import { ItemPatch } from '../inbox/item-patch.ts'
import { LifecycleEvent } from '../inbox/lifecycle-event.ts'
import { InboxAdded, InboxChanged, InboxReceived, InboxRemoved, Presence } from '../inbox/live-messages.ts'
import { InboxPage } from '../inbox/page.ts'
import { CategoryInput } from '../notification/category.ts'
import { CloudEvent } from '../notification/cloud-event.ts'
import { Notification } from '../notification/notification.ts'
import { NotificationTypeInput } from '../notification/notification-type.ts'
import { ScheduleInput } from '../notification/schedule.ts'
import { LayoutInput, PartialInput, TemplateEnv } from '../notification/shared-templates.ts'
import { NotificationStatus } from '../notification/status.ts'
import { ContextSettings } from '../tenant/context-settings.ts'
import { TenantSettings } from '../tenant/settings.ts'
import { Preferences } from '../user/preferences.ts'
import { UserProfile } from '../user/profile.ts'

/**
 * Schemas of input, published in the form that senders write; schemas of output are published in the form
 * that Carillon returns.
 */
const WRITTEN_BY_OTHERS = {
  notification: Notification,
  'cloud-event': CloudEvent,
  'notification-type': NotificationTypeInput,
  category: CategoryInput,
  layout: LayoutInput,
  partial: PartialInput,
  'template-env': TemplateEnv,
  schedule: ScheduleInput,
  'tenant-settings': TenantSettings,
  'context-settings': ContextSettings,
  'user-profile': UserProfile,
  preferences: Preferences,
  'item-patch': ItemPatch,
  'live-inbox-received': InboxReceived,
  'live-presence': Presence,
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

type Definition = Record<string, unknown>

/** Keeps examples and defaults, which zod omits for schemas that transform their input. For `override` of `z.toJSONSchema`. */
export const withExamplesAndDefaults = ({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType
  jsonSchema: z.core.JSONSchema.BaseSchema
}): void => {
  const { def } = (zodSchema as z.core.$ZodTypes)._zod
  if (def.type === 'default') jsonSchema.default = def.defaultValue as z.core.util.JSONType
  const examples = z.globalRegistry.get(zodSchema)?.examples
  if (examples !== undefined && jsonSchema.$ref === undefined) jsonSchema.examples = examples as unknown[]
}

const withoutId = ({ id: _, ...definition }: Definition): Definition => definition

/** Returns the JSON Schema of a schema, with its named components in `$defs`. */
const describeOne = (schema: z.ZodType, io: 'input' | 'output'): Definition => {
  const {
    $ref,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, { io, reused: 'inline', override: withExamplesAndDefaults })
  const name = $ref?.slice('#/$defs/'.length)
  const members = Object.entries($defs).filter(([key]) => key !== name)
  return {
    ...own,
    ...(name === undefined ? {} : withoutId($defs[name] as Definition)),
    ...(members.length > 0
      ? { $defs: Object.fromEntries(members.map(([key, value]) => [key, withoutId(value as Definition)])) }
      : {}),
  }
}

const describe = (schemas: Record<string, z.ZodType>, io: 'input' | 'output') =>
  Object.entries(schemas).map(([name, schema]) => [
    name,
    { ...describeOne(schema, io), $id: `urn:carillon:schema:${name}` },
  ])

/**
 * Returns the wire contract as JSON Schema (2020-12), by name. Rules that only code can check, such as a known time zone,
 * are checked by the API.
 */
export const jsonSchemas = (): Record<JsonSchemaName, Record<string, unknown>> =>
  Object.fromEntries([
    ...describe(WRITTEN_BY_OTHERS, 'input'),
    ...describe(WRITTEN_BY_CARILLON, 'output'),
  ]) as Record<JsonSchemaName, Record<string, unknown>>
