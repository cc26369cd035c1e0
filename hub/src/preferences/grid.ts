import { grouped } from '@carillon/core/group-by'
import { timesIn } from '@carillon/core/preferences/times'
import {
  isOptional,
  type PreferenceLayers,
  preferenceOf,
  type Subject,
  subjectOf,
} from '@carillon/core/routing/preference'
import { categoryWords } from '@carillon/core/template/category-words'
import {
  type CategoryDefinition,
  type Decider,
  DeliveryChannel,
  type EffectivePreference,
  type EffectivePreferences,
  type NotificationType,
} from '@carillon/schemas'

type Row = Record<DeliveryChannel, EffectivePreference>

/** The effective choice for each channel. */
const rowOf = (subject: Omit<Subject, 'addressed'>, documents: PreferenceLayers, locked: boolean): Row =>
  Object.fromEntries(
    DeliveryChannel.options.map((channel) => {
      // Without addressees, because muted topics only apply to single notifications.
      const { outcome, pace, by, path } = preferenceOf({ ...subject, addressed: [] }, channel, documents)
      const value = outcome === 'skip' ? false : pace
      return [channel, { value, by, ...(path === undefined ? {} : { path }), locked }]
    }),
  ) as Row

const mutedBy = ({ user, userContext }: PreferenceLayers): Decider | undefined => {
  if (userContext?.muted) return 'user_context'
  return user?.muted ? 'user' : undefined
}

/** The topics that are muted in general or in the context. */
const mutedTopics = ({ user, userContext }: PreferenceLayers): string[] => {
  const both = [user, userContext].flatMap((document) => Object.entries(document?.topics ?? {}))
  return [...new Set(both.flatMap(([topic, on]) => (on ? [] : [topic])))].sort()
}

/** The types, categories and channels of the tenant, and the language and time zone of the user. */
export type Defined = Pick<EffectivePreferences, 'channels' | 'timezone'> & {
  types: readonly NotificationType[]
  categories: readonly CategoryDefinition[]
  locale?: string | undefined
}

/**
 * Returns the effective choices of a user for every type and category of the tenant, and who made them. A `locked` choice has
 * no switch. Hidden categories and their types are omitted. `now`: epoch ms, for a snooze that is past. Pure.
 */
export const gridOf = (
  { types, categories: defined, locale, channels: used, timezone }: Defined,
  documents: PreferenceLayers,
  now: number,
): EffectivePreferences => {
  const known = new Map(defined.map((category) => [category.key, category]))
  const lockedKeys = new Set(defined.flatMap(({ key, optOut }) => (optOut === false ? [key] : [])))
  const subjectFor = (type: NotificationType) => subjectOf(type.key, type, undefined, lockedKeys)
  const typeRow = (type: NotificationType) => {
    const subject = subjectFor(type)
    return {
      key: type.key,
      ...(type.name === undefined ? {} : { name: type.name }),
      channels: rowOf(subject, documents, !isOptional(subject)),
    }
  }
  const byCategory = grouped(types, ({ category }) => category)
  // Notifications may use a category without types, so it is listed. Without opt-out, it has no switches to show.
  const keys = new Set([
    ...[...byCategory.keys()].filter((key) => key !== undefined),
    ...[...known.keys()].filter((key) => !lockedKeys.has(key)),
  ])
  const categories = [...keys].flatMap((key) => {
    const category = known.get(key)
    if (category?.hidden) return []
    const some = byCategory.get(key) ?? []
    const subjects = some.map(subjectFor)
    const locked = subjects.length > 0 && !subjects.some(isOptional)
    // No type has the key '', so only the choices of the category count, if any of its types allows choices.
    const subject = locked ? subjects[0]! : { category: key }
    const channels = rowOf({ ...subject, type: '' }, documents, locked)
    return [{ key, ...(category && categoryWords(category, locale)), channels, types: some.map(typeRow) }]
  })
  const { by, ...times } = timesIn(documents, now)
  const muted = mutedBy(documents)
  return {
    muted: muted !== undefined,
    ...times,
    by: { ...(muted && { muted }), ...by },
    ...{ timezone, channels: used, topics: mutedTopics(documents) },
    categories: categories.sort((one, other) => (one.key < other.key ? -1 : 1)),
    types: (byCategory.get(undefined) ?? []).map(typeRow),
  }
}
