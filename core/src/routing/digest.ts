import type { Channel, DigestRule } from '@carillon/schemas'
import { type DigestFrequency, nextDigest } from '../calendar/frequency.ts'
import type { Step } from '../delivery/step.ts'
import type { Decider } from './decision.ts'
import type { Preference } from './preference.ts'
import type { LocalTimes } from './quiet-hours.ts'
import { windowName } from './window-name.ts'

const SECOND = 1_000
/** A sliding window without `most` lasts at most this many times its length. */
const SLIDES = 24
const MONTH_SECONDS = 31 * 86_400

/** A window in which a step waits for others. Times are epoch ms. */
export type StepWindow = {
  kind: 'digest' | 'frequency' | 'quiet_hours'
  /** Steps of one user with the same name wait together. */
  name: string
  closesAt: number
  /** How often it closes, if it does so at the digest time of the user. */
  frequency?: DigestFrequency
  slide?: { windowMs: number; mostMs: number }
  /** The step that opens the window does not wait in it. */
  first?: boolean
  /** The step waits, but is sent on its own. */
  alone?: boolean
}

/** The digest that applies to a step, its path, and its rendered key. */
export type StepDigest = { rule: DigestRule; key: string; by: Decider; path: string }

/** The data for deciding whether a step is collected. */
export type DigestFacts = {
  preference: Preference | undefined
  digest: StepDigest | undefined
  times: Pick<LocalTimes, 'zone' | 'digest'>
  now: number
}

const channelOf = ({ plan, index }: Step): Channel => plan[index]!.channel

/** Returns the frequency that the user has chosen for a step; undefined if the type decides. */
export const frequencyOf = (
  channel: Channel,
  preference: Preference | undefined,
): DigestFrequency | 'immediate' | undefined => {
  if (!preference || preference.pace === true || channel === 'webhook') return undefined
  return preference.reason === 'transactional' ? undefined : preference.pace
}

const byFrequency = (step: Step, frequency: DigestFrequency, { times, now }: DigestFacts): StepWindow => ({
  kind: 'frequency',
  name: windowName('frequency', channelOf(step), step.context ?? '', frequency),
  closesAt: nextDigest(frequency, times.digest, times.zone, now),
  frequency,
})

/** Returns the window in which a digest collects a step. Pure. */
export const ruleWindow = (
  step: Step,
  { rule, key }: StepDigest,
  { times, now }: Pick<DigestFacts, 'times' | 'now'>,
): StepWindow => {
  const { window, sliding, first } = rule
  const most = rule.most ?? Math.min(SLIDES * Number(window), MONTH_SECONDS)
  const { context = '', type, index } = step
  return {
    kind: 'digest',
    name: windowName('digest', channelOf(step), context, type, String(index), key),
    closesAt:
      typeof window === 'number' ? now + window * SECOND : nextDigest(window, times.digest, times.zone, now),
    ...(typeof window === 'number' ? {} : { frequency: window }),
    ...(sliding && typeof window === 'number'
      ? { slide: { windowMs: window * SECOND, mostMs: most * SECOND } }
      : {}),
    ...(first ? { first: true } : {}),
  }
}

/**
 * Returns the window that collects a step, and who decided so; undefined if the step is sent on its own. A
 * frequency that the user chose replaces the digest of the type. A step that is critical, has overrides on its channel, or is a
 * digest itself, is not collected. Pure.
 */
export const collectionOf = (
  step: Step,
  facts: DigestFacts,
): { window: StepWindow; by: Decider; path: string } | undefined => {
  const { preference, digest } = facts
  const channel = channelOf(step)
  if (preference?.reason === 'critical' || preference?.reason === 'otp') return undefined
  if (step.overrides?.[channel] !== undefined) return undefined
  const frequency = frequencyOf(channel, preference)
  if (frequency === 'immediate') return undefined
  if (frequency !== undefined && preference) {
    const { by, path = `channels.${channel}` } = preference
    return { window: byFrequency(step, frequency, facts), by, path }
  }
  return digest && { window: ruleWindow(step, digest, facts), by: digest.by, path: digest.path }
}

const FREQUENCIES: readonly DigestFrequency[] = ['hourly', 'daily', 'weekly']

/** Returns the names of all windows in which a step may wait, whatever is decided about it now. Pure. */
export const windowsOf = (step: Step, { digest }: { digest?: StepDigest | undefined }): string[] => {
  const { type, context = '', index } = step
  const channel = channelOf(step)
  return [
    windowName('quiet_hours', channel, context),
    ...FREQUENCIES.map((frequency) => windowName('frequency', channel, context, frequency)),
    ...(digest ? [windowName('digest', channel, context, type, String(index), digest.key)] : []),
  ]
}

/** Returns the digest of a step: its own, else that of its type. Undefined if neither has one. */
export const digestRuleOf = (
  { plan, index, ownPlan }: Step,
  type: { digest?: DigestRule | undefined } | undefined,
): Omit<StepDigest, 'key'> | undefined => {
  const own = plan[index]?.digest
  if (own) return { rule: own, by: ownPlan ? 'sender' : 'type', path: `plan.${index}.digest` }
  return type?.digest && { rule: type.digest, by: 'type', path: 'digest' }
}
