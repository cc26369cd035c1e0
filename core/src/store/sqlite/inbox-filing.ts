import type { Session, Value, Write } from './session.ts'

/** Items that may wait to be filed. Filing them takes some 10 ms of the event loop. */
const UNFILED_MAX = 2_500

const ADD = `INSERT INTO unfiled
  (size, tenant, notification, page, place, content, expires_at, labels, grp, entity, announced, ids)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const ANY = 'SELECT 1 FROM unfiled LIMIT 1'
const OF_NOTIFICATION = 'SELECT 1 FROM unfiled WHERE tenant = ? AND notification = ? LIMIT 1'
const SIZE = 'SELECT total(size) AS size FROM unfiled'

/** Every unfiled item, in order of arrival. */
const ITEMS = `unfiled AS p
  CROSS JOIN recipients AS r ON r.tenant = p.tenant AND r.notification = p.notification AND r.page = p.page
  CROSS JOIN json_each(r.users) AS u`
const OWNED = `${ITEMS} CROSS JOIN owners AS o ON o.tenant = r.tenant AND o.user = u.value`
const ID = 'substr(p.ids, 1 + 16 * u.key, 16)'

const OWNERS = `INSERT INTO owners (tenant, user) SELECT r.tenant, u.value FROM ${ITEMS} WHERE true ON CONFLICT DO NOTHING`
const KEYS = `INSERT INTO inbox_ids (id, owner, place)
  SELECT ${ID}, o.id, p.place FROM ${OWNED} WHERE true ON CONFLICT DO NOTHING`
/** Rows of one inbox are written together, because they lie on one page of the file. */
const ROWS = `INSERT OR IGNORE INTO inbox (owner, place, id, content, expires_at, labels, grp, entity, announced)
  SELECT o.id, p.place, ${ID}, p.content, p.expires_at, p.labels, p.grp, p.entity, p.announced FROM ${OWNED}`
const IN_ORDER = 'ORDER BY o.id, p.place, p.page_row'
/** Items that were stored before keep their place. */
const IS_NEW = `WHERE EXISTS (
  SELECT 1 FROM inbox_ids AS k WHERE k.id = ${ID} AND k.owner = o.id AND k.place = p.place)`

/** The items of a stored page of recipients. `ids` has 16 bytes for each of them, in the same order. */
export type UnfiledPage = {
  tenant: string
  notification: string
  page: string
  ids: Buffer
  place: number
  /** The columns of the items that all of them share: content, expiry, labels, group, entity, announced. */
  cells: readonly Value[]
}

/** Puts all unfiled items into their inboxes. Every write that changes items, other than storing new ones, starts with it. */
export const fileAll = ({ run, first }: Write): void => {
  const { size } = first<{ size: number }>(SIZE, []) ?? { size: 0 }
  if (size === 0) return
  let keys = run(KEYS, []).changes
  if (keys < size) {
    run(OWNERS, [])
    keys += run(KEYS, []).changes
  }
  run(keys === size ? `${ROWS} ${IN_ORDER}` : `${ROWS} ${IS_NEW} ${IN_ORDER}`, [])
  run('DELETE FROM unfiled', [])
}

/**
 * Stores the items of a page of recipients as one row. A row in each inbox would write a page of the file per recipient, so
 * these are written later, many together: before the next read, or once there are more than UNFILED_MAX.
 */
export const addUnfiled = (write: Write, page: UnfiledPage): void => {
  const { tenant, notification, ids, place, cells } = page
  write.run(ADD, [ids.length / 16, tenant, notification, page.page, place, ...cells, ids])
  const { size } = write.first<{ size: number }>(SIZE, [])!
  if (size > UNFILED_MAX) fileAll(write)
}

/** Files all items if some of a notification wait, so that a redelivery of it one by one finds them stored. */
export const fileNotification = (write: Write, tenant: string, notification: string): void => {
  if (write.first(OF_NOTIFICATION, [tenant, notification])) fileAll(write)
}

/** Reports whether any items wait to be filed. */
export const hasUnfiled = ({ first }: Write): boolean => first(ANY, []) !== undefined

/** Returns a function that files all items. Every read of items waits for it. */
export const createFiled = (session: Session) => async (): Promise<void> => {
  if (await session.get(ANY, [])) await session.write(fileAll, 'committed')
}
