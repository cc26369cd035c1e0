import type { types } from 'cassandra-driver'

/** The most partitions that one step of a walk over few rows asks at once. */
const WIDEST = 16

/**
 * At most `limit` rows of the partitions `from` to `to` (exclusive), in that order, and the partition of the last one
 * when there may be more. `read` gives at most `limit` rows of one.
 */
export const walkPartitions = async (
  read: (partition: number) => Promise<types.Row[]>,
  { from, to, limit }: { from: number; to: number; limit: number },
): Promise<{ rows: types.Row[]; last?: number }> => {
  const found: types.Row[] = []
  let partition = from
  let width = 1
  while (partition < to) {
    const asked = Array.from({ length: Math.min(width, to - partition) }, (_, index) => partition + index)
    const parts = await Promise.all(asked.map(read))
    for (const [index, rows] of parts.entries())
      for (const row of rows) if (found.push(row) === limit) return { rows: found, last: partition + index }
    partition += asked.length
    // Partitions that fill no page together are few rows each: more of them cost no more memory.
    width = Math.min(width * 2, WIDEST)
  }
  return { rows: found }
}
