import type { Readable } from './store.ts'

/**
 * Returns a readable whose code is loaded with the first subscription. It has the initial value until it is loaded. After a
 * failed load, the next subscription tries again.
 */
export const lazyReadable = <T>(initial: T, load: () => Promise<Readable<T>>): Readable<T> => {
  let loaded: Readable<T> | undefined
  return {
    getSnapshot: () => (loaded ? loaded.getSnapshot() : initial),
    subscribe(listener) {
      let off: (() => void) | undefined = () => {}
      const attach = (readable: Readable<T>) => {
        loaded ??= readable
        if (off) off = loaded.subscribe(listener)
      }
      if (loaded) attach(loaded)
      else load().then(attach, () => {})
      return () => {
        off?.()
        off = undefined
      }
    },
  }
}
