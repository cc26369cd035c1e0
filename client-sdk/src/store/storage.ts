/** Returns a storage of the page's origin; undefined if the browser blocks it, or without a browser. */
export const storage = (kind: 'localStorage' | 'sessionStorage' = 'localStorage'): Storage | undefined => {
  try {
    return globalThis[kind]
  } catch {
    return undefined
  }
}
