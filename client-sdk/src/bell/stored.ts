const PREFIX = 'carillon-bell-'

/** `always`: until the user clears the data of the site. `visit`: until the tab is closed. */
type Scope = 'always' | 'visit'

/** A browser that blocks its storage throws. */
const storage = (scope: Scope) => (scope === 'always' ? localStorage : sessionStorage)

/** Returns what this browser remembers under a name; undefined if nothing, or if it blocks its storage. */
export const storedChoice = (name: string, scope: Scope = 'always'): string | undefined => {
  try {
    return storage(scope).getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Remembers a value in this browser, if it has storage. */
export const storeChoice = (name: string, value: string, scope: Scope = 'always'): void => {
  try {
    storage(scope).setItem(PREFIX + name, value)
  } catch {
    // The choice holds until the page is closed.
  }
}
