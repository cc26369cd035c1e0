import type { EffectivePreferences, PreferencesPatch } from '@carillon/schemas'
import { asError, type CarillonError } from '../http/error.ts'
import type { Request } from '../http/request.ts'
import { createStore } from '../store/store.ts'
import { createQueue } from '../timing/serial-queue.ts'
import { applied, stillHolds } from './apply-patch.ts'
import { LOADING, type Preferences, type PreferencesSnapshot } from './lazy.ts'

/**
 * Creates the preferences of a client. Changes are sent one after the other, and the preferences are read after each.
 * `onChanged` registers a listener for changed preferences. It returns an unsubscribe function.
 */
export const createPreferences = ({
  request,
  context,
  onChanged,
}: {
  request: Request
  /** Undefined for the preferences in general. */
  context: string | undefined
  onChanged: (run: () => void) => () => void
}): Preferences => {
  const store = createStore<PreferencesSnapshot>(LOADING)
  const queue = createQueue()
  let fetched: EffectivePreferences | undefined
  let error: CarillonError | null = null
  let pending: readonly PreferencesPatch[] = []
  let subscribers = 0
  let isRefreshing = false
  let off = () => {}

  const inContext = context === undefined ? '' : `?context=${encodeURIComponent(context)}`
  const save = (patch: PreferencesPatch, query = inContext) => request('PATCH', `/preferences${query}`, patch)
  const show = () =>
    store.set({
      effective: fetched && pending.reduce(applied, fetched),
      status: fetched ? 'ready' : error ? 'error' : 'loading',
      error,
    })
  const read = async () => {
    try {
      fetched = await request<EffectivePreferences>('GET', `/preferences/effective${inContext}`)
      error = null
    } catch (thrown) {
      error = asError(thrown)
      throw error
    }
  }
  /** Refreshes, unless a refresh is already waiting. */
  const refresh = async () => {
    if (isRefreshing) return
    isRefreshing = true
    await queue(async () => {
      isRefreshing = false
      await read().finally(show)
    })
  }
  // The snapshot has the error.
  const follow = () => void refresh().catch(() => {})

  const saved = async (patch: PreferencesPatch, everywhere: boolean) => {
    await save(patch)
    // The change is saved, even if the preferences cannot be read after it.
    const isKnown = await read().then(
      () => true,
      () => false,
    )
    if (!isKnown) fetched &&= applied(fetched, patch)
    else if (everywhere && context !== undefined && fetched && stillHolds(fetched, patch)) {
      await save(patch, '?context=')
      // The snapshot has the error.
      await read().catch(() => {})
    }
  }

  return {
    getSnapshot: store.getSnapshot,
    subscribe(listener) {
      const remove = store.subscribe(listener)
      if (subscribers++ === 0) {
        off = onChanged(follow)
        follow()
      }
      return () => {
        remove()
        if (--subscribers === 0) off()
      }
    },
    refresh,
    change(patch, { everywhere = false } = {}) {
      pending = [...pending, patch]
      show()
      return queue(async () => {
        try {
          await saved(patch, everywhere)
        } catch (thrown) {
          throw asError(thrown)
        } finally {
          pending = pending.filter((other) => other !== patch)
          show()
        }
      })
    },
  }
}
