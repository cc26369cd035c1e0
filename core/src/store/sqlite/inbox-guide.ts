import { markKey } from '../inbox/mark-key.ts'
import type { Guide, Hint, HintKind, InboxRows, Mark, Revival } from '../inbox/rows.ts'
import { OWNER } from './inbox-rows.ts'
import type { Session } from './session.ts'

type Entry = { kind: 'mark' | 'revival' | 'folded' | HintKind; key: string; value: string }

const PUT = `INSERT INTO inbox_guide (owner, kind, key, at, value)
  SELECT id, ?3, ?4, ?5, ?6 FROM owners WHERE tenant = ?1 AND user = ?2
  ON CONFLICT DO UPDATE SET at = excluded.at, value = excluded.value WHERE excluded.at >= at`
const REMOVE = `DELETE FROM inbox_guide WHERE owner = ${OWNER} AND kind = ? AND key = ?`
/** Hints have the name of their view as key. */
const READ = `SELECT kind, key, value FROM inbox_guide
  WHERE owner = ${OWNER} AND (kind IN ('mark', 'revival') OR key IN ('', ?)) ORDER BY kind, at`
const VIEWS_MAX = 32
const FORGET = `DELETE FROM inbox_guide WHERE (owner, kind, key) IN (
  SELECT owner, kind, key FROM inbox_guide WHERE owner = ${OWNER} AND kind = ? AND key <> ''
  ORDER BY at DESC LIMIT -1 OFFSET ${VIEWS_MAX})`

const revivalKey = ({ kind, place, id, at }: Revival): string => JSON.stringify([kind, place, id, at])

type GuideRows = Pick<
  InboxRows,
  'guide' | 'putMark' | 'removeMarks' | 'putHint' | 'addRevivals' | 'removeRevivals'
>

/** Stores the guide: marks, hints and revivals. Most inboxes have none of them. */
export const sqliteGuide = (session: Session): GuideRows => ({
  guide: async ({ tenant, user }, view = '') => {
    const guide: Guide = { marks: [], hints: {}, ofView: {}, revivals: [], folded: 0 }
    for (const { kind, key, value } of await session.all<Entry>(READ, [tenant, user, view]))
      if (kind === 'mark') guide.marks.push(JSON.parse(value) as Mark)
      else if (kind === 'revival') guide.revivals.push(JSON.parse(value) as Revival)
      else if (kind === 'folded') guide.folded = Number(value)
      else (key === '' ? guide.hints : guide.ofView)[kind] = JSON.parse(value) as Hint
    return guide
  },

  putMark: async ({ tenant, user }, mark) => {
    const values = [tenant, user, 'mark', markKey(mark), mark.at, JSON.stringify(mark)]
    await session.write(({ run }) => run(PUT, values))
  },

  removeMarks: async ({ tenant, user }, marks) => {
    await session.write(({ run }) => {
      for (const mark of marks) run(REMOVE, [tenant, user, 'mark', markKey(mark)])
    }, 'committed')
  },

  putHint: async ({ tenant, user }, kind, hint, view = '') => {
    const values = [tenant, user, kind, view, hint.at, JSON.stringify(hint)]
    await session.write(({ run }) => {
      run(PUT, values)
      if (view !== '') run(FORGET, [tenant, user, kind])
    }, 'committed')
  },

  // Written before the change that each announces, in the same file, so that neither is durable without the
  // other.
  addRevivals: async ({ tenant, user }, revivals) => {
    await session.write(({ run }) => {
      for (const each of revivals)
        run(PUT, [tenant, user, 'revival', revivalKey(each), each.at, JSON.stringify(each)])
    }, 'committed')
  },

  removeRevivals: async ({ tenant, user }, revivals) => {
    const folded = Math.max(...revivals.map(({ at }) => at))
    await session.write(({ run }) => {
      run(PUT, [tenant, user, 'folded', '', folded, String(folded)])
      for (const each of revivals) run(REMOVE, [tenant, user, 'revival', revivalKey(each)])
    }, 'committed')
  },
})
