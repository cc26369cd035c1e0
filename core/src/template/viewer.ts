import type { UserProfile } from '@carillon/schemas'
import type { Viewer } from './type-templates.ts'

/** Returns how a person reads texts: in the locale and time zone of the profile, else in that of the type and in UTC. */
export const viewerOf = ({ locale, timezone = 'UTC' }: UserProfile, now: number): Viewer => ({
  locale,
  timezone,
  now,
})
