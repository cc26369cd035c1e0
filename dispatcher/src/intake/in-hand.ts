/**
 * The fingerprints that ids in hand came with first, while their records may not be stored yet. For one process.
 */
export const createInHand = () => {
  const held = new Map<string, { fingerprint: string; count: number }>()
  return {
    /** What one batch holds. */
    open: () => {
      const mine: string[] = []
      return {
        /** Holds a key. Returns the fingerprint it is in hand with: the first one's, or this. */
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
