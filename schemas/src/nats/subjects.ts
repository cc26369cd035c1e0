import { CHANNELS, type Channel } from '../delivery/channel.ts'
import type { DeliveryState } from '../delivery/state.ts'
import { type Priority, priorityOf } from '../fields/priority.ts'
import { TOKEN, TOKENS } from '../fields/token.ts'
import type { LifecycleKind } from '../inbox/lifecycle-event.ts'
import type { Queue } from './queues.ts'
import { quoted, SubjectError } from './subject-error.ts'
import { WAIT_REASONS, type WaitReason } from './wait-reason.ts'

/**
 * Builds and parses NATS subjects. Every token is validated here, because the NATS client does not: a CR LF in a subject
 * would inject a command, and a wildcard would be stored literally.
 *
 *     notify.<tenant>.<priority>.<type…>           in: notifications from backends
 *     work.<kind>.<priority>.<tenant>              work of dispatchers: chunk, due, local, wake, digest, times, run,
 *                                                  operation
 *     work.step.<channel>.<priority>.<tenant>      a step of a delivery plan, to be sent
 *     work.report.<account>.normal.<tenant>        a provider's report to an account
 *     schedule.<tenant>.<reason>.<key…>            waits in the stream until its time, then becomes work
 *     dead.<tenant>.<queue>                         dead letters, with their reasons
 *     event.<tenant>.inbox.<kind>                  out: lifecycle events of items
 *     event.<tenant>.delivery.<state>              out: state changes of deliveries
 */
const WORK_KINDS = ['chunk', 'due', 'local', 'wake', 'digest', 'times', 'run', 'operation'] as const
type PlainWorkKind = (typeof WORK_KINDS)[number]

/** A kind of dispatcher work. The steps of each channel are a separate kind. */
export type WorkKind = PlainWorkKind | 'report' | `step.${Channel}`

const token = (name: string, value: string, pattern = TOKEN) => {
  if (!pattern.test(value)) throw new SubjectError(`${name} ${quoted(value)} does not fit a subject`)
  return value
}

export const notifySubject = (tenant: string, priority: Priority, type: string) =>
  `notify.${token('tenant', tenant)}.${token('priority', priority)}.${token('type', type, TOKENS)}`

export const workSubject = (kind: PlainWorkKind, priority: Priority, tenant: string) =>
  `work.${token('kind', kind)}.${token('priority', priority)}.${token('tenant', tenant)}`

export const stepSubject = (channel: Channel, priority: Priority, tenant: string) =>
  `work.step.${token('channel', channel)}.${token('priority', priority)}.${token('tenant', tenant)}`

export const reportSubject = (account: string, tenant: string) =>
  `work.report.${token('account', account)}.normal.${token('tenant', tenant)}`

/**
 * `key` identifies one scheduled message: publishing to it again replaces the message, and a purge cancels it. A key of several
 * tokens is in the groups that its first tokens name.
 */
export const scheduleSubject = (tenant: string, reason: WaitReason, ...key: [string, ...string[]]) =>
  [
    'schedule',
    token('tenant', tenant),
    token('reason', reason),
    ...key.map((each) => token('key', each)),
  ].join('.')

/** Returns why a scheduled message waits; undefined for an unknown reason. */
export const waitReasonOf = (scheduled: string): WaitReason | undefined => {
  const reason = scheduled.split('.')[2]
  return WAIT_REASONS.find((each) => each === reason)
}

/** The tenant may come from rejected input; an invalid one is replaced by `_`. */
export const deadSubject = (tenant: string, queue: Queue) =>
  `dead.${TOKEN.test(tenant) ? tenant : '_'}.${token('queue', queue)}`

export const eventSubject = (tenant: string, kind: LifecycleKind) =>
  `event.${token('tenant', tenant)}.inbox.${token('kind', kind)}`

export const deliveryEventSubject = (tenant: string, state: DeliveryState) =>
  `event.${token('tenant', tenant)}.delivery.${token('state', state)}`

/** Returns the tenant that a subject names, without validation. */
export const claimedTenant = (subject: string): string => {
  const tokens = subject.split('.')
  if (tokens[0] !== 'work') return tokens[1] ?? ''
  return (tokens[1] === 'step' || tokens[1] === 'report' ? tokens[4] : tokens[3]) ?? ''
}

export type NotifySubject = { tenant: string; priority: Priority; type: string }

/** Parses `notify.<tenant>.<priority>.<type…>`. Throws `SubjectError`, which names the invalid part. */
export const parseNotifySubject = (subject: string): NotifySubject => {
  const [family, tenant = '', priority = '', ...type] = subject.split('.')
  if (family !== 'notify') throw new SubjectError(`${quoted(subject)} is not a notify subject`)
  const known = priorityOf(priority)
  if (!known) throw new SubjectError(`priority ${quoted(priority)} is not one of critical, high, normal, low`)
  return {
    tenant: token('tenant', tenant),
    priority: known,
    type: token('type', type.join('.'), TOKENS),
  }
}

export type WorkSubject = { kind: WorkKind; priority: Priority; tenant: string; account?: string }

/** Reads the tokens between `work` and the priority; undefined for an unknown kind. */
const workKindOf = (
  first: string | undefined,
  second: string | undefined,
): Pick<WorkSubject, 'kind' | 'account'> | undefined => {
  if (second === undefined) {
    const kind = WORK_KINDS.find((each) => each === first)
    return kind && { kind }
  }
  if (first === 'report') return { kind: 'report', account: token('account', second) }
  const channel = CHANNELS.find((each) => each === second)
  return first === 'step' && channel ? { kind: `step.${channel}` } : undefined
}

/** Parses a work subject. Throws `SubjectError`. */
export const parseWorkSubject = (subject: string): WorkSubject => {
  const tokens = subject.split('.')
  const [family, first, second] = tokens
  const plain = tokens.length === 4
  const named = plain || tokens.length === 5 ? workKindOf(first, plain ? undefined : second) : undefined
  const priority = priorityOf(tokens[tokens.length - 2])
  if (family !== 'work' || !named || !priority)
    throw new SubjectError(`${quoted(subject)} is not a work subject`)
  return { ...named, priority, tenant: token('tenant', tokens[tokens.length - 1] ?? '') }
}
