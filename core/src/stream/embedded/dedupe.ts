import type Libsql from 'libsql'
import { DEDUPE_WINDOW_MS } from '../port.ts'
import { windowOf } from './tables.ts'

/**
 * Returns a function for use inside a write. It returns the sequence with which a deduplication id was used before, or
 * remembers it with this sequence.
 */
export const earlierUse = (handle: Libsql.Database) => {
  const remember = handle.prepare(`
    INSERT INTO stream_dedupe (window, id, sequence, at) SELECT ?1, ?2, ?3, ?4
    WHERE NOT EXISTS (SELECT 1 FROM stream_dedupe
      WHERE window IN (?1 - 1, ?1 + 1) AND id = ?2 AND at > ?4 - ${DEDUPE_WINDOW_MS})
    ON CONFLICT DO NOTHING`)
  const seen = handle.prepare(
    'SELECT sequence FROM stream_dedupe WHERE window IN (?1 - 1, ?1, ?1 + 1) AND id = ?2 ORDER BY window DESC LIMIT 1',
  )
  return (id: string, sequence: number, at: number): number | undefined => {
    const window = windowOf(at)
    if (remember.run(window, id, sequence, at).changes > 0) return undefined
    return (seen.get(window, id) as { sequence: number }).sequence
  }
}
