import type { EffectiveSettings } from '../contexts/in-context.ts'
import type { KnownUser } from '../store/ports/users.ts'
import type { Viewer } from './type-templates.ts'

/**
 * Returns how a person reads texts. The locale and the time zone are those of the profile, else those that a front end
 * reported, else those of the context or tenant (`settings`), else that of the type, and UTC.
 */
export const viewerOf = (
  { profile, reported = {} }: Pick<KnownUser, 'profile' | 'reported'>,
  { locale, timezone = 'UTC' }: EffectiveSettings,
  now: number,
): Viewer => ({
  locale: profile.locale ?? reported.locale ?? locale,
  timezone: profile.timezone ?? reported.timezone ?? timezone,
  now,
})
