import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import type { Opening } from '@carillon/core/store/ports/digests'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { DIGEST_TYPE } from '@carillon/core/template/digest-type'
import type { Collected } from './collected.ts'
import type { About, DigestWork } from './window-work.ts'

/** The messages of a closed window, and the record of its digest, if any. */
type Released = { messages: OutgoingMessage[]; records: NotificationRecord[] }

/** A step after it has waited in a window. */
export const afterWaiting = ({ undigested: _undigested, ...step }: Step): Step => ({
  ...step,
  held: (step.held ?? 0) + 1,
})

/** Returns what leaves a window apart: every step, to be decided about again. Digests stay what they are. */
export const releasedApart = (collected: readonly Collected[]): Released => ({
  messages: collected.map(({ step }) =>
    messageOf(step.digest ? afterWaiting(step) : { ...afterWaiting(step), undigested: true }),
  ),
  records: [],
})

const messageOf = (step: Step): OutgoingMessage => ({ ...stepMessage(step), dedupe: stepDedupe(step) })

type Typed = Pick<Step, 'type' | 'version' | 'revision'>

const recordOf = ({
  tenant,
  user,
  notification,
  type,
  version,
  priority,
  at,
  expiresAt,
}: Step): NotificationRecord => ({
  ...{ tenant, id: notification, type, priority, acceptedAt: at, fingerprint: '', expiresAt },
  ...(version === undefined ? {} : { version }),
  ...{ inbox: 'none', chains: 0, direct: 1, users: [user], absent: [user], planned: true },
})

/**
 * Returns a function that builds the messages of a closed window: steps that are sent on their own, and for the others
 * one digest step that covers them. Its id is that of the window, so it is the same on every repetition.
 */
export const createReleased = ({ cache }: { cache: Pick<SettingsCache, 'typeVersion'> }) => {
  /** Returns the type that renders a message about others: their own if it has a digest, else DIGEST_TYPE. */
  const typeOf = async (kind: About['kind'], steps: readonly Step[]): Promise<Typed> => {
    const { tenant, type, version, revision } = steps.at(-1)!
    const own = {
      type,
      ...(version === undefined ? {} : { version }),
      ...(revision === undefined ? {} : { revision }),
    }
    if (kind === 'digest') return own
    if (kind === 'frequency' && version !== undefined && steps.every((step) => step.type === type)) {
      const pinned = await cache.typeVersion(tenant, type, version)
      if (pinned?.digest) return own
    }
    return { type: DIGEST_TYPE.key }
  }

  const digestStep = async (
    kind: About['kind'],
    { window, id }: Opening,
    steps: readonly Step[],
    now: number,
  ): Promise<Step> => {
    const newest = steps.at(-1)!
    const { tenant, user, context, sender } = newest
    const { channel } = newest.plan[newest.index]!
    return {
      ...{ tenant, user, notification: id, ...(await typeOf(kind, steps)) },
      digest: { kind, window, id, size: steps.reduce((sum, { digest }) => sum + (digest?.size ?? 1), 0) },
      ...(context === undefined ? {} : { context }),
      ...(sender === undefined ? {} : { sender }),
      priority: newest.priority,
      at: now,
      expiresAt: Math.max(...steps.map(({ expiresAt }) => expiresAt)),
      plan: [{ channel, when: 'always', after: 0 }],
      index: 0,
      toAudience: false,
    }
  }

  return async (
    { kind, ...opening }: DigestWork,
    collected: readonly Collected[],
    now: number,
  ): Promise<Released> => {
    const apart = ({ alone }: Collected) => kind === 'quiet_hours' && alone === true
    const together = collected.filter((each) => !apart(each))
    const isSummary = together.length > (kind === 'quiet_hours' ? 1 : 0)
    const alone = isSummary ? collected.filter(apart) : collected
    const messages = alone.map(({ step }) => messageOf(afterWaiting(step)))
    if (!isSummary) return { messages, records: [] }
    const steps = together.map(({ step }) => step)
    const step = await digestStep(kind, opening, steps, now)
    return { messages: [...messages, messageOf(step)], records: [recordOf(step)] }
  }
}

export type ReleasedBy = ReturnType<typeof createReleased>
