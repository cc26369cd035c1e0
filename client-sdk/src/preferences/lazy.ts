import type { EffectivePreferences, PreferencesPatch } from '@carillon/schemas'
import type { CarillonError } from '../http/error.ts'
import { lazyReadable } from '../store/lazy.ts'
import type { Readable } from '../store/store.ts'

/** A snapshot of the preferences. Immutable. */
export type PreferencesSnapshot = {
  /** The choice in effect for each category, type and channel, with pending changes applied. Undefined until loaded. */
  effective: EffectivePreferences | undefined
  /** `error`: nothing has been loaded yet. */
  status: 'loading' | 'ready' | 'error'
  /** Why the last load failed; null after a successful one. */
  error: CarillonError | null
}

/** The user's preferences, in general or in the client's context. While there is a subscriber, they follow other devices. */
export type Preferences = Readable<PreferencesSnapshot> & {
  refresh(): Promise<void>
  /**
   * Changes some choices by a JSON merge patch. The change is shown immediately. If the hub does not save it, it is undone and
   * the promise rejects with a CarillonError. With `everywhere`, values that are removed in the client's context are also
   * removed in general, if they are still in effect.
   */
  change(patch: PreferencesPatch, options?: { everywhere?: boolean }): Promise<void>
}

export const LOADING: PreferencesSnapshot = { effective: undefined, status: 'loading', error: null }

/** Returns preferences whose code is loaded when it is first needed. */
export const lazyPreferences = (load: () => Promise<Preferences>): Preferences => {
  let loading: Promise<Preferences> | undefined
  let loaded: Preferences | undefined
  const get = () => {
    loading ??= load().then(
      (preferences) => {
        loaded = preferences
        return preferences
      },
      (error) => {
        loading = undefined
        throw error
      },
    )
    return loading
  }
  return {
    ...lazyReadable(LOADING, get),
    // `refresh` and `change` load the code, too.
    getSnapshot: () => loaded?.getSnapshot() ?? LOADING,
    refresh: async () => (await get()).refresh(),
    change: async (patch, options) => (await get()).change(patch, options),
  }
}
