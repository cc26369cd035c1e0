/**
 * Keeps the fingerprint of each id that this process is handling, because its record may not be stored yet.
 */
export const createInFlight = () => {
  const held = new Map<string, { fingerprint: string; count: number }>()
  return {
    /** Opens a batch. */
    open: () => {
      const mine: string[] = []
      return {
        /** Adds a key. Returns the fingerprint with which it was first added. */
        take: (key: string, fingerprint: string): string => {
          const entry = held.get(key) ?? { fingerprint, count: 0 }
          entry.count++
          held.set(key, entry)
          mine.push(key)
          return entry.fingerprint
        },
        release: () => {
          for (const key of mine.splice(0)) {
            const entry = held.get(key)
            if (entry && --entry.count === 0) held.delete(key)
          }
        },
      }
    },
  }
}
