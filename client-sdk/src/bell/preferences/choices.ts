import type { EffectivePreferences, PreferencesPatch } from '@carillon/schemas'
import type { Text } from '../text/text.ts'
import type { PreferencesKey } from './english.ts'

export type PreferencesText = Text<
  PreferencesKey | 'failed' | 'refused' | 'again' | 'prefs' | 'close' | 'tryNow' | 'loadError' | 'loadHint'
>

/** A category, or a type without one, with its choices. */
export type Row = Pick<
  EffectivePreferences['categories'][number],
  'key' | 'name' | 'description' | 'channels'
> & {
  section: 'categories' | 'types'
}
export type Channel = keyof Row['channels']
export type Choice = Row['channels'][Channel]['value']

/** Channels with long messages, for which users choose a frequency. */
const LONG_MESSAGES: readonly Channel[] = ['email', 'slack', 'teams', 'discord', 'telegram']
/** Brand names, which are the same in every language. */
const BRANDS: Partial<Record<Channel, string>> = {
  ...{ mms: 'MMS', whatsapp: 'WhatsApp', slack: 'Slack', teams: 'Teams' },
  ...{ discord: 'Discord', telegram: 'Telegram', webhook: 'Webhook' },
}

export const channelName = (channel: Channel, text: PreferencesText): string =>
  BRANDS[channel] ?? text(channel as 'inbox')

export const rowName = ({ name, key }: Row): string => name ?? key

/** The choices on a channel with frequencies, each with its text. `true`: on, at the type's own frequency. */
export const FREQUENCIES: readonly [Choice, PreferencesKey][] = [
  [true, 'on'],
  ['immediate', 'atOnce'],
  ['hourly', 'hourly'],
  ['daily', 'daily'],
  ['weekly', 'weekly'],
  [false, 'off'],
]

/** Reports whether the channel has a list of frequencies; otherwise it has a switch. */
export const hasFrequencies = (channel: Channel, value: Choice): boolean =>
  LONG_MESSAGES.includes(channel) || (typeof value === 'string' && channel !== 'inbox')

const DIGESTS: readonly Choice[] = ['daily', 'weekly']

/** Reports whether a category or type has a daily or weekly digest on some channel, so that the time of digests matters. */
export const hasDigests = (effective: EffectivePreferences): boolean =>
  [...rowsOf(effective), ...effective.categories.flatMap(({ types }) => types)].some((row) =>
    effective.channels.some((channel) => DIGESTS.includes(row.channels[channel].value)),
  )

/** Returns the rows of the preferences: the categories, then the types without one. */
export const rowsOf = ({ categories, types }: EffectivePreferences): Row[] => [
  ...categories.map((category) => ({ ...category, section: 'categories' as const })),
  ...types.map((type) => ({ ...type, section: 'types' as const })),
]

export const isLocked = ({ channels }: Row, used: readonly Channel[]): boolean =>
  used.every((channel) => channels[channel].locked)

/** Reports whether the user switched the channel off for everything, so that narrower choices have no effect. */
export const isOffEverywhere = ({ channels }: Row, channel: Channel): boolean => {
  const { value, path } = channels[channel]
  return value === false && path === `channels.${channel}` && isUser(channels[channel].by)
}

const isUser = (by: string): boolean => by === 'user' || by === 'user_context'

/** Returns a summary of the channels that are on, such as `Inbox · E-mail daily`. */
export const summaryOf = (
  { channels }: Row,
  used: readonly Channel[],
  text: PreferencesText,
  locale: string,
) => {
  const parts = used.flatMap((channel) => {
    const { value } = channels[channel]
    if (value === false) return []
    const frequency =
      channel === 'inbox' ? undefined : FREQUENCIES.find(([each]) => each === value && each !== true)?.[1]
    const name = channelName(channel, text)
    return frequency ? `${name} ${text(frequency).toLocaleLowerCase(locale)}` : name
  })
  return parts.length > 0 ? parts.join(' · ') : text('off')
}

/** Returns the patch for one choice. Keys are chosen by the app, so one may be `__proto__`. */
export const patchOf = ({ section, key }: Row, channel: Channel, value: Choice): PreferencesPatch => ({
  [section]: { [key]: { [channel]: value } },
})

/** Something that the user turned off outside the categories, and the patch that turns it on again. */
export type Muted = { name: string; patch: PreferencesPatch }

/** Returns the channels that are off for everything, and the muted types and topics. */
export const mutedOf = (effective: EffectivePreferences, text: PreferencesText): Muted[] => {
  const rows = rowsOf(effective)
  const { channels, topics } = effective
  const types = effective.categories.flatMap((category) => category.types)
  const isMuted = (type: (typeof types)[number]) =>
    channels.some((channel) => {
      const { value, by, path } = type.channels[channel]
      return value === false && isUser(by) && path?.startsWith(`types.${type.key}.`)
    })
  return [
    ...channels
      .filter((channel) => rows.some((row) => isOffEverywhere(row, channel)))
      .map((channel) => ({ name: channelName(channel, text), patch: { channels: { [channel]: null } } })),
    ...types.filter(isMuted).map(({ key, name = key }) => ({ name, patch: { types: { [key]: null } } })),
    ...topics.map((topic) => ({ name: topic, patch: { topics: { [topic]: null } } })),
  ]
}
