import { uuid7Time } from '../../notification/ids.ts'
import { CLAIM_MS, type InboxRows } from '../inbox/rows.ts'
import { fileAll } from './inbox-filing.ts'
import { keepRecipients } from './inbox-put.ts'
import {
  announcedCell,
  bytesOf,
  entityCell,
  groupBytes,
  groupCell,
  idOf,
  labelsOf,
  OWNER,
} from './inbox-rows.ts'
import type { Session } from './session.ts'

const LOG = `SELECT place, hex(id) AS id FROM inbox WHERE owner = ${OWNER} AND entity = ?
  ORDER BY place DESC, id DESC LIMIT ?`
const CLAIM = `INSERT INTO entity_claims (tenant, user, name, after, id, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const CLAIMED = 'SELECT id FROM entity_claims WHERE tenant = ? AND user = ? AND name = ? AND after = ?'
const FIND = `SELECT i.owner, i.place, i.content AS row, c.written_at AS own, s.written_at AS shared
  FROM inbox_ids AS k CROSS JOIN inbox AS i ON i.owner = k.owner AND i.place = k.place AND i.id = k.id
  LEFT JOIN inbox_content AS c ON c.row = i.content LEFT JOIN shared_contents AS s ON s.row = -i.content
  WHERE k.id = ? AND k.owner = ${OWNER} AND i.content IS NOT NULL`
const CHANGE = 'UPDATE inbox_content SET content = ?, written_at = ? WHERE row = ?'
const ADD = 'INSERT INTO inbox_content (content, written_at) VALUES (?, ?)'
const REWRITE = `UPDATE inbox SET content = ?, labels = ?, grp = ?, entity = ?, announced = ?, expires_at = ?
  WHERE owner = ? AND place = ? AND id = ?`

type Found = { owner: number; place: number; row: number; own: number | null; shared: number | null }

/** Finds and claims the items of entities, and rewrites the contents of items. */
export const sqliteEntities = (
  session: Session,
  filed: () => Promise<void>,
): Pick<InboxRows, 'entityLog' | 'claimEntity' | 'rewrite' | 'keepRecipients'> => ({
  entityLog: async ({ tenant, user }, name, limit) => {
    await filed()
    const rows = await session.all<{ place: number; id: string }>(LOG, [
      ...[tenant, user, groupBytes(name), limit],
    ])
    return rows.map(({ place, id }) => ({ place, id: idOf(id) }))
  },

  claimEntity: ({ tenant, user }, { name, after, id }) =>
    session.write(({ run, first }) => {
      const key = [tenant, user, groupBytes(name), after]
      run(CLAIM, [...key, id, Date.now() + CLAIM_MS])
      return first<{ id: string }>(CLAIMED, key)?.id ?? id
    }, 'committed'),

  rewrite: async ({ tenant, user }, rewrites) => {
    await session.write((write) => {
      fileAll(write)
      const { run, first } = write
      for (const { id, content, at, expiresAt } of rewrites) {
        const key = bytesOf(id)
        const found = first<Found>(FIND, [key, tenant, user])
        if (!found) continue
        const { owner, place, own, shared } = found
        if ((own ?? shared ?? uuid7Time(id) ?? 0) > at) continue
        const json = JSON.stringify(content)
        // Other items keep the shared content.
        const row = found.row > 0 ? found.row : run(ADD, [json, at]).row
        if (found.row > 0) run(CHANGE, [json, at, row])
        const cells = [labelsOf(content), groupCell(content), entityCell(content), announcedCell(content)]
        run(REWRITE, [row, ...cells, expiresAt, owner, place, key])
      }
    }, 'committed')
  },

  keepRecipients: async (items) => {
    if (items.some(({ keepRecipient }) => keepRecipient))
      await session.write((write) => keepRecipients(write, items), 'committed')
  },
})
