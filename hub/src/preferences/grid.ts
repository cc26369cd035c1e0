import { isOptional, preferenceOf, type Subject, subjectOf } from '@carillon/core/routing/preference'
import { grouped } from '@carillon/core/store/grouping'
import {
  DeliveryChannel,
  type EffectivePreference,
  type EffectivePreferences,
  type NotificationType,
  type Preferences,
} from '@carillon/schemas'

type Documents = { user: Preferences; tenant: Preferences | undefined }
type Row = Record<DeliveryChannel, EffectivePreference>

/** What holds for each channel. */
const rowOf = (subject: Omit<Subject, 'addressed'>, documents: Documents, locked: boolean): Row =>
  Object.fromEntries(
    DeliveryChannel.options.map((channel) => {
      // No way in which it is addressed: muted topics decide about single notifications.
      const { outcome, pace, by, path } = preferenceOf({ ...subject, addressed: [] }, channel, documents)
      const value = outcome === 'skip' ? false : pace
      return [channel, { value, by, ...(path === undefined ? {} : { path }), locked }]
    }),
  ) as Row

/**
 * Returns what holds for a user, for every type and category of the tenant, and who decides it. What is `locked` has no
 * switch. Pure.
 */
export const gridOf = (types: readonly NotificationType[], documents: Documents): EffectivePreferences => {
  const typeRow = (type: NotificationType) => {
    const subject = subjectOf(type.key, type, undefined)
    return {
      key: type.key,
      ...(type.name === undefined ? {} : { name: type.name }),
      channels: rowOf(subject, documents, !isOptional(subject)),
    }
  }
  const byCategory = grouped(types, ({ category }) => category)
  const categories = [...byCategory].flatMap(([key, some]) => {
    if (key === undefined) return []
    const subjects = some.map((type) => subjectOf(type.key, type, undefined))
    const locked = !subjects.some(isOptional)
    // No type is called '', so only the choices of the category count, if any of its types leaves a choice.
    const subject = locked ? subjects[0]! : { category: key }
    const channels = rowOf({ ...subject, type: '' }, documents, locked)
    return [{ key, channels, types: some.map(typeRow) }]
  })
  return {
    muted: documents.user.muted === true,
    categories: categories.sort((one, other) => (one.key < other.key ? -1 : 1)),
    types: (byCategory.get(undefined) ?? []).map(typeRow),
  }
}
