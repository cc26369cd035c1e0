const PREFIX = 'carillon-bell-'

/** Returns what this browser remembers under a name; undefined if nothing, or if the browser blocks its storage. */
export const storedChoice = (name: string): string | undefined => {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Remembers a value in this browser, if it has storage. */
export const storeChoice = (name: string, value: string): void => {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // The choice holds until the page is closed.
  }
}
