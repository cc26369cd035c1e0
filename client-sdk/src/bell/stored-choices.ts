import { storage } from '../store/storage.ts'

const PREFIX = 'carillon-bell-'

/** `always`: until the user clears the data of the site. `visit`: until the tab is closed. */
type Scope = 'always' | 'visit'

const storageOf = (scope: Scope) => storage(scope === 'always' ? 'localStorage' : 'sessionStorage')

/** Returns a value stored in this browser; undefined if there is none, or if the browser blocks storage. */
export const storedChoice = (name: string, scope: Scope = 'always'): string | undefined =>
  storageOf(scope)?.getItem(PREFIX + name) ?? undefined

/** Stores a value in this browser, if it allows that. */
export const storeChoice = (name: string, value: string, scope: Scope = 'always'): void => {
  try {
    storageOf(scope)?.setItem(PREFIX + name, value)
  } catch {
    // The storage is full. Every choice has a default.
  }
}
