import { type Step, stepDedupe } from '@carillon/core/delivery/step'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { StepDecision } from '@carillon/core/routing/decision'
import type { StepWindow } from '@carillon/core/routing/digest'
import type { Store } from '@carillon/core/store/port'
import type { Joining } from '@carillon/core/store/ports/digests'
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
  metrics: Pick<Metrics, 'windowsOpened'>
}) => {
  const join = gathered(async (tenant, requests: readonly Request[]) => {
    const all = await store.digests.join(tenant, requests.map(joiningOf))
    const closes = requests.flatMap(({ step, window, now }, index) => {
      const { id, closesAt, opened } = all[index]!
      // Quiet hours do not end early.
      const filled = all[index]!.filled && window.kind !== 'quiet_hours'
      if (!opened && !filled) return []
      const opening = { user: step.user, window: window.name, id }
      const at = filled ? now : closesAt
      return [closeMessage(tenant, opening, { kind: window.kind, priority: step.priority, at })]
    })
    if (closes.length > 0) await stream.publish(closes)
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
