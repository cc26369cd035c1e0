import type { EffectivePreferences, PreferencesPatch } from '@carillon/schemas'
import type { Failure } from '../failure.ts'
import type { Times } from '../text/times.ts'
import type { PreferencesText } from './choices.ts'

/** The state that the views of the preferences show, and the actions that they call. */
export type Page = {
  effective: EffectivePreferences
  text: PreferencesText
  times: Times
  /** Returns the hub's time, in epoch ms. */
  now(): number
  locale: string
  isSheet: boolean
  /** Whether the panel is wide enough for a table. */
  isWide: boolean
  failure(id: string): Failure | undefined
  /** Saves a change. A failure is shown at the control with this id. */
  save(id: string, patch: PreferencesPatch, everywhere?: boolean): void
  back(): void
  close(): void
}
