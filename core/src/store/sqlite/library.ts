import type { LibraryRows, RevisionRow } from '../library/library.ts'
import type { Session } from './session.ts'

type Row = Omit<RevisionRow, 'deleted' | 'by'> & { deleted: number; author: string | null }

const SELECT = 'SELECT revision, tree, kind, key, deleted, at, author FROM library WHERE tenant = ?'

const rowOf = ({ deleted, author, ...row }: Row): RevisionRow => ({
  ...row,
  deleted: deleted === 1,
  by: author ?? undefined,
})

export const sqliteLibrary = (session: Session): LibraryRows => {
  const one = async (more: string, values: (string | number)[]) => {
    const row = await session.get<Row>(`${SELECT} ${more}`, values)
    return row && rowOf(row)
  }

  return {
    newest: (tenant) => one('ORDER BY revision DESC LIMIT 1', [tenant]),
    revision: (tenant, revision) => one('AND revision = ?', [tenant, revision]),

    claim: (tenant, { revision, tree, kind, key, deleted, at, by }) =>
      session.write(({ run }) => {
        const { changes } = run(
          `INSERT OR IGNORE INTO library (tenant, revision, tree, kind, key, deleted, at, author)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [tenant, revision, tree, kind, key, deleted ? 1 : 0, at, by ?? null],
        )
        return changes === 1
      }),

    of: async (tenant, { kind, key }, before, limit) => {
      const query = `${SELECT} AND revision < ? AND kind = ? AND key = ? ORDER BY revision DESC LIMIT ?`
      return (await session.all<Row>(query, [tenant, before, kind, key, limit])).map(rowOf)
    },

    texts: async (tenant, hashes) => {
      const rows = await session.all<{ hash: string; content: string }>(
        'SELECT hash, content FROM library_texts WHERE tenant = ? AND hash IN (SELECT value FROM json_each(?))',
        [tenant, JSON.stringify(hashes)],
      )
      return new Map(rows.map(({ hash, content }) => [hash, content]))
    },

    keep: (tenant, hash, text) =>
      session.write(({ run }) => {
        run('INSERT OR IGNORE INTO library_texts (tenant, hash, content) VALUES (?, ?, ?)', [
          tenant,
          hash,
          text,
        ])
      }),
  }
}
