import type { types } from 'cassandra-driver'

/** Maximum partitions read concurrently in one step. */
const WIDEST = 16

/**
 * Returns at most `limit` rows of the partitions `from` to `to` (exclusive), in order, and the partition of the last row if
 * there may be more. `read` returns at most `limit` rows of a partition.
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
    // The partitions were sparse, so reading more of them at once needs no more memory.
    width = Math.min(width * 2, WIDEST)
  }
  return { rows: found }
}
