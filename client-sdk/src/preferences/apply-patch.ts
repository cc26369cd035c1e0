import type { EffectivePreferences, PreferencesPatch } from '@carillon/schemas'

type Row = EffectivePreferences['types'][number]
type Channels = Row['channels']
type Choices = Partial<Record<string, Channels['email']['value'] | null>> | null | undefined

/**
 * Sets the choices of a row that are not locked. A removed choice keeps its value, because only the hub knows the one that
 * replaces it.
 */
const chosen = (channels: Channels, choices: Choices, path: string): Channels =>
  Object.fromEntries(
    Object.entries(channels).map(([channel, now]) => {
      const value = choices?.[channel] ?? choices?.all
      if (value === undefined || value === null || now.locked) return [channel, now]
      return [channel, { ...now, value, by: 'user', path: `${path}.${channel}` }]
    }),
  ) as Channels

/** Returns an own property of a map. Keys are chosen by the app, so one may be `__proto__`. */
const own = <Value>(map: Record<string, Value> | null | undefined, key: string): Value | undefined =>
  map && Object.hasOwn(map, key) ? map[key] : undefined

const isOwn = (type: Row, channel: string) =>
  type.channels[channel as keyof Channels].path?.startsWith('types.') ?? false

/** Applies the choices of a category to a type that has none of its own on the channel. */
const inCategory = (type: Row, choices: Choices, path: string): Row => {
  const open = Object.entries(choices ?? {}).filter(([channel]) => channel === 'all' || !isOwn(type, channel))
  return { ...type, channels: chosen(type.channels, Object.fromEntries(open), path) }
}

const quietHoursOf = (
  { quietHours = {} }: EffectivePreferences,
  patch: NonNullable<PreferencesPatch['quietHours']>,
): NonNullable<EffectivePreferences['quietHours']> => {
  const { timezone = quietHours.timezone, days } = patch
  const merged = Object.entries({ ...quietHours.days, ...days }).filter(([, windows]) => windows)
  return { ...(timezone && { timezone }), days: Object.fromEntries(merged) }
}

/** Returns the expected preferences after a patch. They are shown until the hub returns the new ones. Pure. */
export const applied = (effective: EffectivePreferences, patch: PreferencesPatch): EffectivePreferences => {
  const { muted, snoozedUntil, quietHours, digest, topics = {}, categories, types, channels } = patch
  const typeRow = (type: Row): Row => {
    const path = `types.${type.key}`
    return { ...type, channels: chosen(type.channels, own(types, type.key), path) }
  }
  const everywhere = <R extends Row>(row: R): R => ({
    ...row,
    channels: chosen(row.channels, channels, 'channels'),
  })
  const next: EffectivePreferences = {
    ...effective,
    ...(muted === undefined ? {} : { muted: muted === true }),
    digest: {
      hour: digest?.hour ?? effective.digest.hour,
      day: digest?.day ?? effective.digest.day,
    },
    topics: effective.topics.filter((topic) => own(topics, topic) === undefined),
    categories: effective.categories.map((category) => {
      const path = `categories.${category.key}`
      const choices: Choices = own(categories, category.key)
      const changed = { ...category, channels: chosen(category.channels, choices, path) }
      const inside = category.types.map((type) => everywhere(typeRow(inCategory(type, choices, path))))
      return { ...everywhere(changed), types: inside }
    }),
    types: effective.types.map((type) => everywhere(typeRow(type))),
  }
  if (typeof snoozedUntil === 'string') next.snoozedUntil = snoozedUntil
  else if (snoozedUntil === null) delete next.snoozedUntil
  if (quietHours) next.quietHours = quietHoursOf(effective, quietHours)
  else if (quietHours === null) delete next.quietHours
  for (const [topic, on] of Object.entries(topics ?? {})) if (on === false) next.topics.push(topic)
  return next
}

/** Reports whether a value that the patch removes is still in effect, because another document has it as well. */
export const stillHolds = (effective: EffectivePreferences, patch: PreferencesPatch): boolean =>
  (patch.muted === null && effective.muted) ||
  (patch.snoozedUntil === null && effective.snoozedUntil !== undefined) ||
  Object.entries(patch.topics ?? {}).some(([topic, on]) => on === null && effective.topics.includes(topic))
