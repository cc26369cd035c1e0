import { hash } from 'node:crypto'
import type { ProblemError } from '@carillon/core/errors'
import { grouped } from '@carillon/core/group-by'
import { lastAt } from '@carillon/core/notification/delivery-times'
import { idReused } from '@carillon/core/notification/id-reused'
import { timeOfId } from '@carillon/core/notification/ids'
import type { AcceptanceClaim, Notifications } from '@carillon/core/store/ports/notifications'
import { DEDUPE_WINDOW_MS, type DeadReason, RETENTION_MS } from '@carillon/core/stream/port'
import { createInFlight } from './in-flight.ts'
import { deadReason, type Incoming, type Name } from './notification.ts'

/**
 * The id of a notification and the time of its first acceptance, epoch ms. `version`: the version of its type at that
 * time, 0 for none; absent without a record. `revision`: the revision of the library at that time; absent without a record,
 * and if the type has no templates. `complete`: an earlier message has been handled completely.
 */
export type Identity = {
  id: string
  acceptedAt: number
  version?: number
  revision?: number
  complete?: true
}
export type Identified = Identity | { refused: DeadReason }

/** Longer than the log may deliver a message again. */
const MESSAGE_ID_KEPT_MS = RETENTION_MS + 24 * 3_600_000

const messageKey = (...parts: string[]) => `msg_${hash('sha256', parts.join('\n'), 'base64url').slice(0, 40)}`

const WORDS: Record<Name['by'], () => ProblemError> = {
  carillon: () => idReused('the id', '/id'),
  sender: () => idReused('the id', '/id'),
  event: () => idReused("the CloudEvent's id, from the same source,", '/id'),
  publisher: () => idReused('the Nats-Msg-Id, within ten minutes,'),
}
const reused = ({ by }: Name): Identified => ({ refused: deadReason(WORDS[by]()) })

/** An identity to look up. `inFlight`: the fingerprint with which a fresh UUIDv7 is in flight. */
type LookUp = { each: Incoming; identity: Identity; inFlight?: string }

/** Returns the time in an id if it is plausible. A `Nats-Msg-Id` contains no time. */
const deliveryTime = ({ name, appendedAt }: Incoming) =>
  name.by === 'publisher' ? undefined : timeOfId(name.id, appendedAt)

/**
 * Determines which notification each message of a batch belongs to.
 *
 * - An id chosen by the sender belongs to its first content. The same content again is the same notification,
 *   however late. Different content is refused as `id_reused`.
 * - A `Nats-Msg-Id` instead of an id works in the same way for messages of one tenant and type that the log
 *   accepted within ten minutes of each other. Afterwards it identifies another notification.
 * - An id created by Carillon is unique.
 *
 * The store claims every `Nats-Msg-Id`, and every id that is not a fresh UUIDv7. A claim is exact across dispatchers. A
 * fresh UUIDv7 is only looked up, because a claim would double the cost. A look-up is exact within one
 * process. Two dispatchers that handle two contents of one UUIDv7 within the same milliseconds may accept
 * both.
 */
export const createIdentify = (
  notifications: Pick<Notifications, 'claim' | 'recorded'>,
  { retentionMs }: { retentionMs: number },
) => {
  const inFlight = createInFlight()

  const claimOf = ({ name, appendedAt, fingerprint, notification }: Incoming): AcceptanceClaim => {
    const claim = { at: appendedAt, fingerprint }
    if (name.by === 'publisher') {
      const id = messageKey(notification.type, name.messageId)
      return { ...claim, id, until: appendedAt + MESSAGE_ID_KEPT_MS, windowMs: DEDUPE_WINDOW_MS }
    }
    return { ...claim, id: name.id, until: lastAt(notification, appendedAt) + retentionMs }
  }

  const identityOf = ({ name, notification }: Incoming, acceptedAt: number): Identity => {
    if (name.by !== 'publisher') return { id: name.id, acceptedAt }
    return { id: messageKey(notification.type, name.messageId, String(acceptedAt)), acceptedAt }
  }

  return async (
    incoming: readonly Incoming[],
  ): Promise<{
    of(each: Incoming): Identified
    /** Must be called when the batch is stored or given up. */
    release(): void
  }> => {
    const answers = new Map<Incoming, Identified>()
    const held = inFlight.open()

    const claim = async ([tenant, some]: [string, Incoming[]]) => {
      const found = await notifications.claim(tenant, some.map(claimOf))
      for (const [index, each] of some.entries()) {
        const first = found[index]
        const same = first?.fingerprint === each.fingerprint
        answers.set(each, first && same ? identityOf(each, first.at) : reused(each.name))
      }
    }
    /** The record determines the identity. Without a record, the first message in flight does. */
    const lookUp = async ([tenant, some]: [string, LookUp[]]) => {
      const found = await notifications.recorded(
        tenant,
        some.map(({ identity }) => identity.id),
      )
      for (const { each, identity, inFlight: known } of some) {
        const record = found.get(identity.id)
        const first = record?.fingerprint ?? known ?? each.fingerprint
        if (first !== each.fingerprint) answers.set(each, reused(each.name))
        else if (record)
          answers.set(each, {
            ...identity,
            version: record.version ?? 0,
            ...(record.revision === undefined ? {} : { revision: record.revision }),
            ...(record.complete ? { complete: true } : {}),
          })
      }
    }
    /** A message that is certainly the first of its notification needs no lookup. */
    const toLookUp = (each: Incoming): LookUp[] => {
      const identity = answers.get(each)
      if (!identity || 'refused' in identity) return []
      const { tenant, name, appendedAt, again, fingerprint } = each
      const chosen = name.by === 'sender' || name.by === 'event'
      if (chosen && deliveryTime(each) !== undefined)
        return [{ each, identity, inFlight: held.take(`${tenant}\n${name.id}`, fingerprint) }]
      return again || (name.by !== 'carillon' && identity.acceptedAt !== appendedAt)
        ? [{ each, identity }]
        : []
    }

    const timeless: Incoming[] = []
    for (const each of incoming) {
      const at = deliveryTime(each)
      if (at === undefined) timeless.push(each)
      else answers.set(each, identityOf(each, at))
    }
    try {
      await Promise.all([...grouped(timeless, ({ tenant }) => tenant)].map(claim))
      const wanted = incoming.flatMap(toLookUp)
      await Promise.all([...grouped(wanted, ({ each }) => each.tenant)].map(lookUp))
    } catch (error) {
      held.release()
      throw error
    }
    return { of: (each) => answers.get(each) as Identified, release: held.release }
  }
}
