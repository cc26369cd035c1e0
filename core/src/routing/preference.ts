import type { Choice, DeliveryChannel, NotificationType, Preferences } from '@carillon/schemas'
import type { Addressed } from './addressees.ts'
import type { Decider, Reason } from './decision.ts'

/** The key for looking up preferences. */
export type Subject = {
  type: string
  category?: string | undefined
  /** The type is critical, or it is a one-time password. */
  critical?: 'critical' | 'otp' | undefined
  /** Set if users cannot opt out. `by`: whether the type or its category forbids it. */
  transactional?: { by: 'type' | 'category' } | undefined
  /** The defaults of the type. */
  defaults?: Readonly<Partial<Record<string, Choice>>> | undefined
  /** All the ways in which the notification is addressed to the person. */
  addressed: readonly Addressed[]
}

const transactionalBy = (
  type: Pick<NotificationType, 'category' | 'optOut'> | undefined,
  locked: ReadonlySet<string>,
): Pick<Subject, 'transactional'> => {
  if (type?.optOut === false) return { transactional: { by: 'type' } }
  return type?.category !== undefined && locked.has(type.category)
    ? { transactional: { by: 'category' } }
    : {}
}

/**
 * Returns the key for looking up preferences, from a type and the category that a notification names. The type's own category
 * takes precedence. A category that only the notification names never makes it transactional, so a sender cannot bypass
 * preferences. `locked` has the transactional categories. Pure.
 */
export const subjectOf = (
  key: string,
  type: Pick<NotificationType, 'category' | 'critical' | 'optOut' | 'defaults'> | undefined,
  category: string | undefined,
  locked: ReadonlySet<string>,
): Omit<Subject, 'addressed'> => ({
  type: key,
  category: type?.category ?? category,
  ...(type?.critical ? { critical: 'critical' } : {}),
  ...transactionalBy(type, locked),
  ...(type?.defaults ? { defaults: type.defaults } : {}),
})

/** Reports whether people can unsubscribe from it. Nobody can from critical and transactional notifications. */
export const isOptional = ({ critical, transactional }: Omit<Subject, 'addressed'>): boolean =>
  critical === undefined && transactional === undefined

/** The documents that decide, most personal first. An absent one decides nothing. */
export type PreferenceLayers = {
  userContext?: Preferences | undefined
  user?: Preferences | undefined
  context?: Preferences | undefined
  tenant?: Preferences | undefined
}

/** Whether a channel is on for a user, at which frequency, and who decided. `path`: the path of the value that decided. */
export type Preference = {
  outcome: 'pass' | 'skip'
  pace: Exclude<Choice, false>
  by: Decider
  path?: string
  reason?: Reason
}

const of = <Value>(record: Readonly<Partial<Record<string, Value>>> | undefined, key: string | undefined) =>
  record !== undefined && key !== undefined && Object.hasOwn(record, key) ? record[key] : undefined

type Layer = { by: Decider; document: Preferences }
/** The layers that have a document. */
const present = (...layers: { by: Decider; document: Preferences | undefined }[]): Layer[] =>
  layers.filter((layer): layer is Layer => layer.document !== undefined)

type Found = { value: Choice; by: Decider; path: string }

/** The first of some layers that has a value at (`section`, `key`, `entry`). */
const first = (
  layers: readonly Layer[],
  section: 'types' | 'categories',
  key: string | undefined,
  entry: string,
): Found | undefined => {
  for (const { by, document } of layers) {
    const value = of(of(document[section], key), entry)
    if (value !== undefined) return { value, by, path: `${section}.${key}.${entry}` }
  }
  return undefined
}

/** The choice of some layers of one person or owner about a channel. `wide` choices only set the frequency of what is on. */
const choice = (
  layers: readonly Layer[],
  { type, category }: Subject,
  channel: string,
): (Found & { wide: boolean }) | undefined => {
  const switches = layers.flatMap(({ by, document }) => {
    const value = of(document.channels, channel)
    return value === undefined ? [] : [{ value, by, path: `channels.${channel}`, wide: true }]
  })
  const off = switches.find(({ value }) => value === false)
  if (off) return off
  const narrow = (section: 'types' | 'categories', key: string | undefined) => {
    const exact = first(layers, section, key, channel)
    if (exact) return { ...exact, wide: false }
    const all = first(layers, section, key, 'all')
    return all && { ...all, wide: true }
  }
  return narrow('types', type) ?? narrow('categories', category) ?? switches[0]
}

/** Returns a muted topic and its path if every way in which the user is addressed is a topic that they muted. */
const mutedTopic = (layers: readonly Layer[], addressed: readonly Addressed[]) => {
  let found: { by: Decider; path: string } | undefined
  for (const way of addressed) {
    if (way.by !== 'topic') return undefined
    const layer = layers.find(({ document }) => of(document.topics, way.topic) === false)
    if (!layer) return undefined
    found ??= { by: layer.by, path: `topics.${way.topic}` }
  }
  return found
}

const onAt = ({ value, by, path }: Found): Preference => ({
  outcome: 'pass',
  pace: value === false ? true : value,
  by,
  path,
})

/**
 * Decides whether a person gets notifications of a type on a channel. The first of these that applies decides: a critical
 * type; `muted`; muted topics; the person's own choices; the defaults of the context, the tenant and the type. Narrow
 * choices win over wide ones, and those in a context over general ones. For a transactional type only the defaults count.
 * Pure.
 */
export const preferenceOf = (
  subject: Subject,
  channel: DeliveryChannel,
  documents: PreferenceLayers,
): Preference => {
  const { critical, transactional, addressed } = subject
  const on = (by: Decider, more: Partial<Preference> = {}): Preference => ({
    outcome: 'pass',
    pace: true,
    by,
    ...more,
  })
  const off = (by: Decider, reason: Reason, path: string): Preference => ({
    outcome: 'skip',
    pace: true,
    by,
    path,
    reason,
  })
  if (critical) return on(critical === 'otp' ? 'system' : 'type', { reason: critical })

  const own = present(
    { by: 'user_context', document: documents.userContext },
    { by: 'user', document: documents.user },
  )
  let pace: Found | undefined
  if (!transactional) {
    const muted = own.find(({ document }) => document.muted === true)
    if (muted) return off(muted.by, 'muted', 'muted')
    const topic = mutedTopic(own, addressed)
    if (topic) return off(topic.by, 'topic_muted', topic.path)
    const chosen = choice(own, subject, channel)
    if (chosen?.value === false) return off(chosen.by, 'opted_out', chosen.path)
    if (chosen && !chosen.wide) return onAt(chosen)
    pace = chosen
  }

  const defaults = present(
    { by: 'context', document: documents.context },
    { by: 'tenant', document: documents.tenant },
  )
  for (const layer of defaults) {
    const chosen = choice([layer], subject, channel)
    if (chosen?.value === false) return off(chosen.by, 'default_off', chosen.path)
    if (!chosen) continue
    pace ??= chosen
    if (!chosen.wide) return transactional ? on(transactional.by, { reason: 'transactional' }) : onAt(pace)
  }
  const typeDefault = of(subject.defaults, channel)
  if (typeDefault === false) return off('type', 'default_off', `defaults.${channel}`)
  if (transactional) return on(transactional.by, { reason: 'transactional' })
  if (pace) return onAt(pace)
  return typeDefault === undefined
    ? on('system')
    : onAt({ value: typeDefault, by: 'type', path: `defaults.${channel}` })
}
