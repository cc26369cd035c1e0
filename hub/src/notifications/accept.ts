import { hash } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import type { Payload } from '@carillon/core/notification/cloudevents'
import { fingerprintOf } from '@carillon/core/notification/fingerprint'
import { idReused } from '@carillon/core/notification/id-reused'
import { madeId } from '@carillon/core/notification/made-id'
import { stampOf } from '@carillon/core/notification/stamp'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Seal } from '@carillon/core/security/seal'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { hasTemplates } from '@carillon/core/template/languages'
import {
  NOTIFICATION_MAX_BYTES,
  type Notification,
  notifySubject,
  type Priority,
  type Warning,
} from '@carillon/schemas'
import type { Idempotency, IdUse } from '../idempotency/port.ts'
import { type FindAttached, readAttached } from './attached.ts'
import { createValidate, type ValidatePorts, type Validation, type ValidationPolicy } from './validate.ts'

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

const ignoredIn = (warnings: readonly Warning[]) => warnings.filter(({ code }) => code === 'ignored').length

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

type AcceptancePorts = ValidatePorts & {
  stream: Pick<Stream, 'publish'>
  idempotency: Pick<Idempotency, 'register'>
  metrics: Metrics
  seal: Pick<Seal, 'tag'>
}

/**
 * Accepts notifications over HTTP: validates them, assigns an id and a priority, and appends them to the
 * event log. The dispatcher does the rest.
 */
export const createAcceptance = (
  { stream, idempotency, cache, metrics, dataFault, store, http, seal }: AcceptancePorts,
  policy: ValidationPolicy,
) => {
  const validate = createValidate({ cache, dataFault, store, http }, policy)

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
        const { given, zone, type, priority, warnings } = await validate(tenant, read(), how)
        const revision = type && hasTemplates(type) ? await cache.revision(tenant) : undefined
        const made = given.id === undefined
        // Assigned to the parsed object, because copies of it are slow.
        const named = Object.assign(given, { id: given.id ?? madeId(seal, tenant, id()), sender: key })
        const data = Buffer.from(JSON.stringify(named))
        if (data.length > NOTIFICATION_MAX_BYTES) throw tooLarge(data.length)
        const notification = Object.assign(named, { priority })
        const accepted: Accepted = {
          id: notification.id,
          priority,
          type: type?.key ?? '',
          warnings,
          message: {
            subject: notifySubject(tenant, priority, notification.type),
            data,
            headers: stampOf(type, made, revision),
            checked: { notification, type, made, version: type?.version ?? 0, revision, zone },
          },
        }
        if (!made) accepted.use = useOf(tenant, notification)
        return accepted
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
