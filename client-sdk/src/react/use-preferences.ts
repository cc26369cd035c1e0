import { useMemo, useSyncExternalStore } from 'react'
import { LOADING, type Preferences, type PreferencesSnapshot } from '../preferences/lazy.ts'
import { useClient } from './provider.ts'

/** The user's preferences, and the functions that change them. */
export type UsePreferences = PreferencesSnapshot & Pick<Preferences, 'change' | 'refresh'>

/** Returns the choice in effect for each category, type and channel, and follows changes on other devices. */
export const usePreferences = (): UsePreferences => {
  const { getSnapshot, subscribe, change, refresh } = useClient().preferences
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, () => LOADING)
  return useMemo(() => ({ ...snapshot, change, refresh }), [snapshot, change, refresh])
}
