import { type Step, stepDedupe } from '@carillon/core/delivery/step'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { StepDecision } from '@carillon/core/routing/decision'
import type { StepWindow } from '@carillon/core/routing/digest'
import type { Store } from '@carillon/core/store/port'
import type { Joined, Joining, Opening } from '@carillon/core/store/ports/digests'
import { RETENTION_MS, type Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { gathered } from '../consumer/gathered.ts'
import { collectedTexts } from './collected.ts'
import { aboutOf, closeMessage } from './window-work.ts'

/** The id of a window, which is also that of its digest, and when it closes, epoch ms. */
export type Waiting = { id: string; until: number }

/** Returns the decision that a step has joined a window. */
export const joined = (
  decision: Extract<StepDecision, { outcome: 'join' }>,
  { id, until }: Waiting,
): StepDecision => ({ ...decision, until, detail: `digest ${id}` })

type Request = { step: Step; window: StepWindow; now: number }

const joiningOf = ({ step, window, now }: Request): Joining => {
  const { tenant, user, context, priority, expiresAt } = step
  const member = stepDedupe(step)
  return {
    ...{ user, window: window.name, member, at: now },
    ...collectedTexts({ step, ...(window.alone ? { alone: true } : {}) }),
    until: Math.max(expiresAt, window.closesAt) + RETENTION_MS,
    open: {
      id: derivedUuid7(now, `window\n${tenant}\n${user}\n${window.name}\n${member}`),
      closesAt: window.closesAt,
      about: JSON.stringify(aboutOf(window, { channel: step.plan[step.index]!.channel, context, priority })),
    },
    ...(window.slide ? { slide: window.slide } : {}),
    ...(window.first ? { first: true } : {}),
  }
}

const isQuiet = ({ kind }: StepWindow): boolean => kind === 'quiet_hours'

/**
 * Returns a function that makes a step wait in a window. It resolves with undefined if the step is the first of a digest that
 * lets it through. The step that opens a window also schedules its close. Repeatable: a step that joins again is in the same
 * window as before. Steps that arrive together are written together.
 */
export const createJoin = ({
  store,
  stream,
  metrics,
}: {
  store: Pick<Store, 'digests'>
  stream: Pick<Stream, 'publish'>
  metrics: Pick<Metrics, 'windowsOpened' | 'windowsClosed'>
}) => {
  /**
   * Quiet hours do not end early. What is in a full window waits for the message that closes it, which is scheduled; what joins
   * later opens another one.
   */
  const endFull = async (tenant: string, requests: readonly Request[], all: readonly Joined[]) => {
    const full = new Map<string, Opening>()
    for (const [index, { step, window }] of requests.entries()) {
      const { id, filled } = all[index]!
      if (filled && isQuiet(window)) full.set(id, { user: step.user, window: window.name, id })
    }
    await Promise.all([...full.values()].map((opening) => store.digests.close(tenant, opening, 'together')))
    if (full.size > 0) metrics.windowsClosed.inc({ kind: 'quiet_hours' }, full.size)
  }

  const join = gathered(async (tenant, requests: readonly Request[]) => {
    const all = await store.digests.join(tenant, requests.map(joiningOf))
    const closes = requests.flatMap(({ step, window, now }, index) => {
      const { id, closesAt, opened, filled } = all[index]!
      if (!opened && !filled) return []
      const opening = { user: step.user, window: window.name, id }
      const at = filled && !isQuiet(window) ? now : closesAt
      return [closeMessage(tenant, opening, { kind: window.kind, priority: step.priority, at })]
    })
    if (closes.length > 0) await stream.publish(closes)
    await endFull(tenant, requests, all)
    for (const [index, { opened }] of all.entries())
      if (opened) metrics.windowsOpened.inc({ kind: requests[index]!.window.kind })
    return all
  })
  return async (step: Step, window: StepWindow, now: number): Promise<Waiting | undefined> => {
    const { id, closesAt, collected } = await join(step.tenant, { step, window, now })
    return collected ? { id, until: closesAt || window.closesAt } : undefined
  }
}

export type Join = ReturnType<typeof createJoin>
