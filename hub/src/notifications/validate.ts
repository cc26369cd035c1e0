import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext, zoneIn } from '@carillon/core/contexts/in-context'
import type { DataCheck } from '@carillon/core/data-schema/data-check'
import { ProblemError } from '@carillon/core/errors'
import type { Http } from '@carillon/core/http/port'
import { invalidRequest } from '@carillon/core/json/checked'
import type { Payload } from '@carillon/core/notification/cloudevents'
import type { SendTimes } from '@carillon/core/notification/delivery-times'
import { type LinkPolicy, linkProblem } from '@carillon/core/notification/links'
import { overrideFaults } from '@carillon/core/notification/overrides'
import { ownFaults } from '@carillon/core/notification/own-faults'
import { ignoredParts, plansOf } from '@carillon/core/routing/plan'
import { planTimeFaults } from '@carillon/core/routing/plan-time-faults'
import type { Store } from '@carillon/core/store/port'
import {
  type Issue,
  isJsonObject,
  NO_DRY_RUN,
  Notification,
  type NotificationType,
  type Priority,
  parse,
  parseLenient,
  TypeKey,
  type Warning,
} from '@carillon/schemas'
import { attachedFaults, type FindAttached } from './attached.ts'
import { checkTimes } from './check-times.ts'

/** A notification that may be sent, and its type. `times`: when it is delivered and expires. */
export type Validated = {
  given: Omit<Notification, 'dryRun'>
  zone: string
  times: SendTimes
  type: NotificationType | undefined
  priority: Priority
  warnings: Warning[]
}

/** `version`: the version of the type; by default the one in force. `attached` finds uploads; by default in the store. */
export type Validation = { dryRun?: boolean; version?: number | undefined; attached?: FindAttached }

/** Returns the notification, by default with the id and type of its event, if they are valid. */
const named = ({ value, event }: Payload): unknown => {
  if (!event || !isJsonObject(value)) return value
  const type = parse(TypeKey, event.type)
  return { ...(type.success && { type: type.data }), id: event.id, ...value }
}

const unknownType = (type: string): Warning => ({
  code: 'unknown_type',
  pointer: '/type',
  message: `is not defined, so the item has only the content of the notification: check the spelling, or define the type with PUT /v1/types/${type}`,
})

/** Returns the warnings: a type that is not defined, and parts that are ignored. */
const warningsOf = (notification: Validated['given'], type: NotificationType | undefined): Warning[] => [
  ...(type ? [] : [unknownType(notification.type)]),
  ...ignoredParts({ notification, type }),
]

export type ValidatePorts = {
  cache: SettingsCache
  dataFault: DataCheck
  store: Pick<Store, 'attachments'>
  http: Pick<Http, 'refusal'>
}

export type ValidationPolicy = { unknownTypes: 'refuse' | 'accept' } & LinkPolicy

/** Creates the function that validates a notification against its schema, its type and the tenant's settings. */
export const createValidate = (
  { cache, dataFault, store, http }: ValidatePorts,
  { unknownTypes, ...links }: ValidationPolicy,
) => {
  const overridePolicy = { ...links, refusal: http.refusal }
  return async (
    tenant: string,
    payload: Payload,
    { dryRun = false, version, attached = store.attachments.get }: Validation = {},
  ): Promise<Validated> => {
    const parsed = parseLenient(Notification, named(payload))
    const at = ({ path, ...issue }: Issue) => ({ ...issue, path: [...payload.at, ...path] })
    if (!parsed.success) throw invalidRequest(parsed.issues.map(at), 'notification')
    const given = parsed.data
    if (given.dryRun && !dryRun)
      throw invalidRequest([at({ path: ['dryRun'], message: NO_DRY_RUN })], 'notification')
    // `dryRun: false` must not change the fingerprint.
    if ('dryRun' in given) delete given.dryRun
    const tenancy = await lookUpInContext(cache, tenant, given.context)
    const { times, start, faults: timeFaults } = checkTimes(given, zoneIn(tenancy), Date.now())
    const type = await (version === undefined
      ? cache.type(tenant, given.type)
      : cache.typeVersion(tenant, given.type, version))
    if (!type && unknownTypes === 'refuse')
      throw new ProblemError('type_unknown', `define the type first, with PUT /v1/types/${given.type}`)
    const fault = dataFault(tenant, type, given.data)
    const faults = [
      ...timeFaults,
      ...ownFaults(given),
      ...(fault ? [fault] : []),
      ...planTimeFaults({ notification: given, type }, { zone: zoneIn(tenancy), start }),
      ...overrideFaults(given, overridePolicy),
      ...(given.overrides ? await attachedFaults(attached, tenant, given.overrides, times) : []),
    ]
    if (faults.length > 0) throw invalidRequest(faults.map(at), 'notification')
    const problem = linkProblem(given, plansOf({ notification: given, type }).flat(), tenancy, links)
    if (problem) throw problem
    const warnings = [...parsed.warnings, ...warningsOf(given, type)]
    const root = payload.at.map((key) => `/${String(key)}`).join('')
    return {
      given,
      zone: zoneIn(tenancy),
      times,
      type,
      priority: given.priority ?? type?.priority ?? 'normal',
      warnings: warnings.map((warning) => ({ ...warning, pointer: `${root}${warning.pointer}` })),
    }
  }
}
