const PREFIX = 'carillon-bell-'

/** `always`: until the user clears the data of the site. `visit`: until the tab is closed. */
type Scope = 'always' | 'visit'

/** Throws if the browser blocks storage. */
const storage = (scope: Scope) => (scope === 'always' ? localStorage : sessionStorage)

/** Returns a value stored in this browser; undefined if there is none, or if the browser blocks storage. */
export const storedChoice = (name: string, scope: Scope = 'always'): string | undefined => {
  try {
    return storage(scope).getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Stores a value in this browser, if it allows that. */
export const storeChoice = (name: string, value: string, scope: Scope = 'always'): void => {
  try {
    storage(scope).setItem(PREFIX + name, value)
  } catch {
    // The browser blocks storage, or it is full. Every choice has a default.
  }
}
