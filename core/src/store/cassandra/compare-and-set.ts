import type { Session } from './session.ts'

/**
 * Writes rows by their key columns. Every write is an LWT that compares `content`, so that a writer replaces only the content
 * that it has read. `revisionOf` returns the revision of stored content.
 *
 * `put` and `remove` resolve with false, and change nothing, if `expected` is given and is not the stored revision. Of
 * concurrent writers with the same `expected`, one succeeds.
 */
export const compareAndSet = (
  session: Session,
  table: string,
  columns: readonly string[],
  revisionOf: (content: string, key: readonly unknown[]) => string,
) => {
  const PLACE = columns.map((column) => `${column} = ?`).join(' AND ')
  const READ = `SELECT content FROM ${table} WHERE ${PLACE}`
  const VALUES = ['content', ...columns].map(() => '?').join(', ')
  const INSERT = `INSERT INTO ${table} (content, ${columns.join(', ')}) VALUES (${VALUES}) IF NOT EXISTS`
  const UPDATE = `UPDATE ${table} SET content = ? WHERE ${PLACE} IF content = ?`
  const DELETE = `DELETE FROM ${table} WHERE ${PLACE} IF content = ?`

  const contentOf = async (key: readonly unknown[]) => {
    const [row] = await session.rows(READ, [...key])
    return row && String(row.content)
  }
  const isExpected = (key: readonly unknown[], content: string | undefined, expected: string | undefined) =>
    expected === undefined || (content !== undefined && revisionOf(content, key) === expected)

  const put = async (key: readonly unknown[], content: string, expected?: string): Promise<boolean> => {
    const current = await contentOf(key)
    if (!isExpected(key, current, expected)) return false
    const other =
      current === undefined
        ? await session.claim(INSERT, [content, ...key])
        : await session.claim(UPDATE, [content, ...key, current])
    return other ? put(key, content, expected) : true
  }

  const remove = async (key: readonly unknown[], expected?: string): Promise<boolean> => {
    const current = await contentOf(key)
    if (!isExpected(key, current, expected)) return false
    if (current === undefined) return true
    return (await session.claim(DELETE, [...key, current])) ? remove(key, expected) : true
  }

  return { put, remove }
}
