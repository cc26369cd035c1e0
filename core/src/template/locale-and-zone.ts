import type { EffectiveSettings } from '../contexts/in-context.ts'
import type { KnownUser } from '../store/ports/users.ts'
import type { Viewer } from './type-templates.ts'

/**
 * Returns the locale and time zone of a user: those of the profile, else those that a front end reported, else those in
 * `settings`. The time zone falls back to UTC; without a locale, the type's own is used.
 */
export const localeAndZone = (
  { profile, reported = {} }: Pick<KnownUser, 'profile' | 'reported'>,
  { locale, timezone = 'UTC' }: EffectiveSettings,
  now: number,
): Viewer => ({
  locale: profile.locale ?? reported.locale ?? locale,
  timezone: profile.timezone ?? reported.timezone ?? timezone,
  now,
})
