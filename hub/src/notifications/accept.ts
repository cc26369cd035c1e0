import { hash } from 'node:crypto'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext, zoneIn } from '@carillon/core/contexts/in-context'
import type { DataCheck } from '@carillon/core/data-schema/data-check'
import { ProblemError } from '@carillon/core/errors'
import type { Http } from '@carillon/core/http/port'
import { invalidRequest } from '@carillon/core/json/checked'
import type { Payload } from '@carillon/core/notification/cloudevents'
import type { SendTimes } from '@carillon/core/notification/delivery-times'
import { fingerprintOf } from '@carillon/core/notification/fingerprint'
import { idReused } from '@carillon/core/notification/id-reused'
import { type LinkPolicy, linkProblem } from '@carillon/core/notification/links'
import { madeId } from '@carillon/core/notification/made-id'
import { overrideFaults } from '@carillon/core/notification/overrides'
import { ownFaults } from '@carillon/core/notification/own-faults'
import { stampOf } from '@carillon/core/notification/stamp'
import { ignoredParts, plansOf } from '@carillon/core/routing/plan'
import { planTimeFaults } from '@carillon/core/routing/plan-time-faults'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { hasTemplates } from '@carillon/core/template/languages'
import {
  type Issue,
  isJsonObject,
  NO_DRY_RUN,
  NOTIFICATION_MAX_BYTES,
  Notification,
  type NotificationType,
  notifySubject,
  type Priority,
  parse,
  parseLenient,
  TypeKey,
  type Warning,
} from '@carillon/schemas'
import type { Idempotency, IdUse } from '../idempotency/port.ts'
import { attachedFaults, type FindAttached, readAttached } from './attached.ts'
import { checkTimes } from './check-times.ts'

/** A validated notification, ready for the event log. */
export type Accepted = {
  id: string
  priority: Priority
  /** The key of its type; '' if that is not defined. */
  type: string
  message: OutgoingMessage
  /** Set if the sender chose the id; generated ids are unique. */
  use?: IdUse
  warnings: Warning[]
}

/** A notification that may be sent, and its type. `times`: when it is delivered and expires. */
export type Validated = {
  given: Omit<Notification, 'dryRun'>
  times: SendTimes
  type: NotificationType | undefined
  priority: Priority
  warnings: Warning[]
}

/** `version`: the version of the type; by default the one in force. `attached` finds uploads; by default in the store. */
type Validation = { dryRun?: boolean; version?: number | undefined; attached?: FindAttached }

/** Returns the notification, by default with the id and type of its event, if they are valid. */
const named = ({ value, event }: Payload): unknown => {
  if (!event || !isJsonObject(value)) return value
  const type = parse(TypeKey, event.type)
  return { ...(type.success && { type: type.data }), id: event.id, ...value }
}

const ignoredIn = (warnings: readonly Warning[]) => warnings.filter(({ code }) => code === 'ignored').length

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

const tooLarge = (bytes: number) =>
  new ProblemError(
    'payload_too_large',
    `with its id the notification has ${bytes} bytes of JSON; the limit is ${NOTIFICATION_MAX_BYTES}`,
  )

/** Returns the key under which an id is registered. */
export const idKey = (tenant: string, id: string): string =>
  hash('sha256', `id\n${tenant}\n${id}`, 'base64url')

const useOf = (tenant: string, notification: Notification & { id: string; priority: Priority }): IdUse => ({
  key: idKey(tenant, notification.id),
  fingerprint: fingerprintOf(notification),
})

type AcceptancePorts = {
  stream: Pick<Stream, 'publish'>
  idempotency: Pick<Idempotency, 'register'>
  cache: SettingsCache
  metrics: Metrics
  dataFault: DataCheck
  store: Pick<Store, 'attachments'>
  http: Pick<Http, 'refusal'>
  seal: Pick<Seal, 'digest'>
}

/**
 * Accepts notifications over HTTP: validates them, assigns an id and a priority, and appends them to the
 * event log. The dispatcher does the rest.
 */
export const createAcceptance = (
  { stream, idempotency, cache, metrics, dataFault, store, http, seal }: AcceptancePorts,
  { unknownTypes, ...links }: { unknownTypes: 'refuse' | 'accept' } & LinkPolicy,
) => {
  /** Validates a notification against its schema, its type and the tenant's settings. */
  const validate = async (
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
    delete given.dryRun
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
      ...overrideFaults(given, { ...links, refusal: http.refusal }),
      ...(given.overrides ? await attachedFaults(attached, tenant, given.overrides, times) : []),
    ]
    if (faults.length > 0) throw invalidRequest(faults.map(at), 'notification')
    const problem = linkProblem(given, plansOf({ notification: given, type }).flat(), tenancy, links)
    if (problem) throw problem
    const warnings = [...parsed.warnings, ...warningsOf(given, type)]
    const root = payload.at.map((key) => `/${String(key)}`).join('')
    return {
      ...{ given, times, type, priority: given.priority ?? type?.priority ?? 'normal' },
      warnings: warnings.map((warning) => ({ ...warning, pointer: `${root}${warning.pointer}` })),
    }
  }

  /** Counts the rejection of a notification. */
  const counted = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status < 500)
        metrics.refused.inc({ via: 'http', code: error.problem.code })
      throw error
    }
  }

  return {
    /** Reads the uploads that the notifications of a batch attach, for `check`. */
    readAttached: (tenant: string, payloads: readonly Payload[]): Promise<FindAttached> =>
      readAttached(store.attachments.get, tenant, payloads),

    /** Validates a dry run as `check` validates a notification. Counts rejections. */
    validate: (tenant: string, read: () => Payload) =>
      counted(async () => validate(tenant, read(), { dryRun: true })),

    /**
     * Validates a notification, plain or as the data of an event. `id` is called if neither has one. Counts rejections.
     * Throws what `read` throws, `invalid_request`, `too_far`, `time_passed`, `type_unknown`, `no_app_url` and
     * `payload_too_large`.
     */
    check: (
      { tenant, key }: Pick<Sender, 'tenant' | 'key'>,
      read: () => Payload,
      id: () => string,
      how: Omit<Validation, 'dryRun'> = {},
    ): Promise<Accepted> =>
      counted(async () => {
        const { given, type, priority, warnings } = await validate(tenant, read(), how)
        const revision = type && hasTemplates(type) ? await cache.revision(tenant) : undefined
        const notification = { ...given, id: given.id ?? madeId(seal, tenant, id()), sender: key }
        const data = Buffer.from(JSON.stringify(notification))
        if (data.length > NOTIFICATION_MAX_BYTES) throw tooLarge(data.length)
        return {
          ...{ id: notification.id, priority, type: type?.key ?? '', warnings },
          message: {
            subject: notifySubject(tenant, priority, notification.type),
            data,
            headers: stampOf(type, given.id === undefined, revision),
          },
          ...(given.id === undefined ? {} : { use: useOf(tenant, { ...given, id: given.id, priority }) }),
        }
      }),

    /**
     * Appends notifications and resolves when they are durable. Those whose id was used with different content
     * are not appended; the result has the `id_reused` problem in their place. Repeated ones are appended
     * again, because the first attempt may have failed after registering the id; dispatchers store them once.
     * Throws `unavailable` or `stream_full`.
     */
    append: async (accepted: readonly Accepted[]): Promise<(ProblemError | undefined)[]> => {
      const uses = accepted.flatMap(({ use }) => use ?? [])
      const found = uses.length === 0 ? [] : await idempotency.register(uses)
      const standing = new Map(uses.map((use, index) => [use, found[index]]))
      const problems = accepted.map(({ use }) =>
        use && standing.get(use) !== use.fingerprint ? idReused('the id', '/id') : undefined,
      )
      const good = accepted.filter((_, index) => !problems[index])
      if (good.length > 0) await stream.publish(good.map(({ message }) => message))
      for (const { priority, type, warnings } of good) {
        metrics.accepted.inc({ via: 'http', priority })
        const ignored = ignoredIn(warnings)
        if (ignored > 0) metrics.ignored.inc({ via: 'http', type }, ignored)
      }
      const refused = accepted.length - good.length
      if (refused > 0) metrics.refused.inc({ via: 'http', code: 'id_reused' }, refused)
      return problems
    },
  }
}

export type Acceptance = ReturnType<typeof createAcceptance>
