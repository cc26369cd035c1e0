import type { InboxRows, LogPage, Range, Row } from '../inbox/rows.ts'
import type { Owner } from '../ports/inbox.ts'
import { sqliteContents } from './contents.ts'
import { sqliteEntities } from './inbox-entities.ts'
import { createFiled, fileAll } from './inbox-filing.ts'
import { sqliteGuide } from './inbox-guide.ts'
import { createPut } from './inbox-put.ts'
import { assignments, bytesOf, groupBytes, OWNER, rowsOf, selectRows } from './inbox-rows.ts'
import type { Session, Value } from './session.ts'

/** If the clock goes back by more than this, its earlier time was wrong and the new one is used. */
const PUT_BACK_MS = 60_000

/** Returns a clock that never goes back, unless the system clock was set back by more than PUT_BACK_MS. */
const steadyClock = () => {
  let last = 0
  return (): number => {
    const now = Date.now()
    last = now < last - PUT_BACK_MS ? now : Math.max(now, last)
    return last
  }
}

const LOG = `inbox AS i WHERE i.owner = ${OWNER}`
const ITEMS = `inbox_ids AS k CROSS JOIN inbox AS i ON i.owner = k.owner AND i.place = k.place AND i.id = k.id
  WHERE k.id IN (SELECT unhex(value) FROM json_each(?)) AND k.owner = ${OWNER}`
const CHANGED = `WHERE owner = ${OWNER} AND place = ? AND id = ? AND content IS NOT NULL`
const REMOVE = `UPDATE inbox SET content = NULL, labels = NULL, grp = NULL, announced = NULL, acted = NULL
  WHERE (owner, place, id) = (SELECT owner, place, id FROM inbox_ids WHERE id = ? AND owner = ${OWNER})
    AND content IS NOT NULL`

/**
 * Stores the rows of inboxes in two orders: small rows of state by arrival, which suffice for lists and
 * counts, and a key by id. Removing an item removes its content and keeps its row until the expiry.
 * `inbox-purge.ts` removes expired rows.
 */
export const sqliteInboxRows = (session: Session): InboxRows => {
  const clock = steadyClock()
  const guides = sqliteGuide(session)
  const filed = createFiled(session)

  const select = async (content: boolean, from: string, values: Value[]): Promise<Row[]> => {
    await filed()
    return rowsOf((await session.get<{ text: string | null }>(selectRows(content, from), values))?.text)
  }

  type Stretch = Omit<Range, 'contents'> & { downTo?: number | undefined }

  const read = async (
    { tenant, user }: Owner,
    { below, downTo, limit, group, announced }: Stretch,
    content: boolean,
  ): Promise<LogPage> => {
    const values: Value[] = [tenant, user]
    let sql = LOG
    if (group !== undefined) {
      sql += ' AND i.grp = ?'
      values.push(groupBytes(group))
    }
    if (announced) sql += ' AND i.announced = 1'
    if (below) {
      sql += ' AND (i.place, i.id) < (?, ?)'
      values.push(below.place, bytesOf(below.id))
    }
    if (downTo !== undefined) {
      sql += ' AND i.place > ?'
      values.push(downTo)
    }
    values.push(limit)
    const rows = await select(content, `${sql} ORDER BY i.place DESC, i.id DESC LIMIT ?`, values)
    return { rows, leftovers: [], read: rows.length, next: rows.length < limit ? undefined : rows.at(-1) }
  }

  const log: InboxRows['log'] = async (owner, { contents, ...stretch }) => {
    if (contents === 0) return read(owner, stretch, false)
    const first = await read(owner, { ...stretch, limit: Math.min(contents, stretch.limit) }, true)
    const left = stretch.limit - first.read
    if (left <= 0 || !first.next) return first
    const second = await read(owner, { ...stretch, below: first.next, limit: left }, false)
    return { ...second, rows: [...first.rows, ...second.rows], read: first.read + second.read }
  }

  const items: InboxRows['items'] = async ({ tenant, user }, ids, content) => {
    const keys = JSON.stringify(ids.map((id) => bytesOf(id).toString('hex')))
    return select(content, ITEMS, [keys, tenant, user])
  }

  return {
    ...guides,
    ...sqliteContents(session),
    ...sqliteEntities(session, filed),
    put: createPut(session, clock),
    // Places are assigned in the transaction that stores the item, so every earlier millisecond is complete.
    settledPlace: () => clock() - 1,
    log,
    items,

    open: async (owner, { view, ...range }, plan) => {
      const guide = await guides.guide(owner, view)
      const { downTo, named } = plan(guide)
      const first = await log(owner, { ...range, downTo })
      return {
        guide,
        first,
        whole: false,
        named: first.next ? undefined : named.length > 0 ? await items(owner, named, false) : [],
      }
    },

    change: async ({ tenant, user }, changes) => {
      await session.write((write) => {
        fileAll(write)
        for (const change of changes) {
          const assigned = assignments(change)
          if (!assigned) continue
          const where = [tenant, user, change.place, bytesOf(change.id)]
          write.run(`UPDATE inbox SET ${assigned.set} ${CHANGED}`, [...assigned.values, ...where])
        }
      })
    },

    remove: async ({ tenant, user }, ids) => {
      await session.write((write) => {
        fileAll(write)
        for (const id of ids) write.run(REMOVE, [bytesOf(id), tenant, user])
      })
    },
  }
}
