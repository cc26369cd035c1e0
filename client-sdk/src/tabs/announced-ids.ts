import { storage } from '../store/storage.ts'

/** Maximum number of remembered ids. */
const IDS_MAX = 100

/**
 * Remembers which items the tabs with this name have announced, so that a tab that wakes later does not repeat them. Returns a
 * function that reports whether an item is announced for the first time.
 */
export const rememberAnnounced =
  (name: string) =>
  (id: string): boolean => {
    const store = storage()
    const ids = (store?.getItem(name) ?? '').split(' ')
    if (ids.includes(id)) return false
    try {
      store?.setItem(name, [id, ...ids].slice(0, IDS_MAX).join(' '))
    } catch {
      // The storage is full. A repeated announcement is better than none.
    }
    return true
  }
