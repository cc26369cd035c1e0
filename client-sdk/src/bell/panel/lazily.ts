/**
 * Returns a function that returns what `load` resolved with, or undefined before that. Its first call starts loading. After a
 * failed load, the next call tries again. `update` is called when it is loaded.
 */
export const lazily = <T>(load: () => Promise<T>, update: () => void): (() => T | undefined) => {
  let loaded: T | undefined
  let isRequested = false
  const start = async () => {
    isRequested = true
    try {
      loaded = await load()
      update()
    } catch {
      isRequested = false
    }
  }
  return () => {
    if (!isRequested) void start()
    return loaded
  }
}
