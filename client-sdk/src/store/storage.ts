/** Returns the storage of the page's origin, if the browser allows it. */
export const storage = (): Storage | undefined => {
  try {
    return globalThis.localStorage
  } catch {
    return undefined
  }
}
