import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { Opening, OpenWindow } from '@carillon/core/store/ports/digests'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { DIGEST_TYPE } from '@carillon/core/template/digest-type'
import type { ClosesAt } from './closes-at.ts'
import type { Collected, ReadWindow } from './members.ts'
import { type About, closeMessage, type DigestWork, readAbout } from './window-work.ts'

/** Tolerated difference between the log's clock and this process's clock, in ms. */
const CLOCK_SKEW_MS = 2_000

export type ClosePorts = {
  store: Pick<Store, 'digests' | 'notifications'>
  stream: Pick<Stream, 'publish'>
  cache: Pick<SettingsCache, 'typeVersion'>
  readWindow: ReadWindow
  closesAt: ClosesAt
  metrics: Pick<Metrics, 'windowsClosed' | 'windowLag'>
}

/** A step after it has waited in a window. */
const released = (step: Step): Step => ({ ...step, held: (step.held ?? 0) + 1 })

const messageOf = (step: Step): OutgoingMessage => ({ ...stepMessage(step), dedupe: stepDedupe(step) })

type Typed = Pick<Step, 'type' | 'version' | 'revision'>

/**
 * Closes windows. What waited in one is published again: steps that leave as themselves, and for the others one step that
 * tells of all of them. Its id is that of the window, so it is the same on every repetition.
 */
export const createCloseWindow = ({ store, stream, cache, readWindow, closesAt, metrics }: ClosePorts) => {
  /** Schedules the close of a window that closes later than now. Resolves with false if it is due. */
  const postponed = async (tenant: string, window: OpenWindow, now: number): Promise<boolean> => {
    const about = readAbout(window)
    const at = await closesAt(tenant, window, about, now)
    if (at <= now + CLOCK_SKEW_MS) return false
    await stream.publish([closeMessage(tenant, window, { ...about, at })])
    if (at !== window.closesAt) await store.digests.move(tenant, window, at)
    return true
  }

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
      digest: { kind, window, id },
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
    ...{ inbox: 'none', chains: 0, direct: 1, users: [user], planned: true },
  })

  const release = async (
    kind: About['kind'],
    opening: Opening,
    collected: readonly Collected[],
    now: number,
  ) => {
    const together = kind === 'quiet_hours' ? collected.filter(({ alone }) => !alone) : collected
    const isSummary = kind !== 'quiet_hours' || together.length > 1
    const alone = isSummary ? collected.filter((each) => !together.includes(each)) : collected
    const messages = alone.map(({ step }) => messageOf(released(step)))
    if (isSummary && together.length > 0) {
      const steps = together.map(({ step }) => step)
      const step = await digestStep(kind, opening, steps, now)
      await store.notifications.put([recordOf(step)])
      messages.push(messageOf(step))
    }
    if (messages.length > 0) await stream.publish(messages)
  }

  return async (tenant: string, opening: DigestWork): Promise<void> => {
    const now = Date.now()
    const open = await store.digests.get(tenant, opening)
    if (open?.id === opening.id) {
      if (await postponed(tenant, open, now)) return
      await store.digests.close(tenant, opening)
      metrics.windowsClosed.inc({ kind: opening.kind })
      metrics.windowLag.observe({ kind: opening.kind }, Math.max(0, now - open.closesAt) / 1_000)
    }
    const collected = await readWindow(tenant, opening)
    if (collected.length > 0) await release(opening.kind, opening, collected, now)
  }
}
