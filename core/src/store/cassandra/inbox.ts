import { HORIZON_MS } from '../../notification/horizon.ts'
import { earliestUuid7 } from '../../notification/ids.ts'
import { groupedSlices } from '../grouping.ts'
import { CLOCK_TOLERANCE_MS, type InboxRows, type StateCells } from '../inbox/rows.ts'
import type { Owner } from '../ports/inbox.ts'
import { LEAD_MS, writeClock } from './clock.ts'
import { cassandraContents } from './contents.ts'
import { cassandraInboxGuide } from './inbox-guide.ts'
import { createPut } from './inbox-put.ts'
import { createReads } from './inbox-read.ts'
import { MONTH_MS, PARTITION, STATE_COLUMNS } from './inbox-row.ts'
import { datedIds, monthOf, monthsBetween } from './months.ts'
import { cassandraRecipients } from './recipients.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

const IDS_PER_QUERY = 100

/** What the other parts of the adapter ask of inboxes. */
export type CassandraInboxRows = InboxRows & {
  /**
   * Removes everything of a user's. What was accepted at or before `erasedAt` (epoch ms) stays removed when it is written
   * afterwards.
   */
  clear(owner: Owner, erasedAt: number): Promise<void>
}

const assignments = (cells: Partial<StateCells>, acted?: Record<string, number>) => {
  const entries = Object.entries(cells).filter(([, value]) => value !== undefined)
  const set = entries.map(([cell]) => `${STATE_COLUMNS[cell as keyof StateCells]} = ?`)
  const values: unknown[] = entries.map(([, value]) => value)
  if (acted) {
    set.push('acted = acted + ?')
    values.push(new Map(Object.entries(acted).map(([name, at]) => [name, new Date(at)])))
  }
  return { set, values }
}

/**
 * The rows of inboxes. What a put writes has a time at or before its acceptance; state is other cells, and a removal a row
 * deletion, both written later than that. So whatever order writes arrive in, a redelivery undoes nothing, and nothing has
 * to be read first. `retention` (ms) is how far back reads go.
 */
export const cassandraInbox = (session: Session, retention: number): CassandraInboxRows => {
  const inbox = session.table('inbox')
  const contents = cassandraContents(session, retention)
  const recipients = cassandraRecipients(session)
  const { clear: clearGuide, ...guide } = cassandraInboxGuide(session, retention)
  const { itemRows, items, log, open } = createReads(session, retention, contents)
  const clock = writeClock(LEAD_MS)

  const remove: InboxRows['remove'] = async ({ tenant, user }, ids) => {
    const time = clock()
    const query = `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${PARTITION} AND place = 0 AND id IN ?`
    await forEach(
      groupedSlices(datedIds(ids), ({ month }) => month, IDS_PER_QUERY),
      ([month, some]) =>
        session.write([{ query, params: [time, tenant, user, month, some.map(({ id }) => id)] }]),
    )
  }

  return {
    ...guide,
    items,
    log,
    open: open(guide.guide),
    remove,

    put: createPut(session, retention, {
      contents,
      recipients,
      remove: (some) => forEach(some, ({ tenant, user, id }) => remove({ tenant, user }, [id])),
    }),

    change: async ({ tenant, user }, changes) => {
      const now = Date.now()
      const written = clock()
      const byId = new Map(changes.map((change) => [change.id, change]))
      // One statement changes all items of a month that change in the same way.
      const alike = groupedSlices(
        datedIds([...byId.keys()]),
        ({ id, month }) => {
          const { cells, acted, settled, settledAt } = byId.get(id)!
          return JSON.stringify([month, cells, acted, settled, settled && settledAt])
        },
        IDS_PER_QUERY,
      )
      await forEach(alike, async ([, some]) => {
        const [{ id: first, month }] = some as [(typeof some)[number]]
        const { cells, acted, settled = {}, settledAt } = byId.get(first)!
        const ids = some.map(({ id }) => id)
        const place = Math.max(...ids.map((id) => byId.get(id)!.place))
        const ttl = ttlUntil(place + retention + MONTH_MS, now)
        const update = ({ set, values }: ReturnType<typeof assignments>, time: number): Statement[] =>
          set.length === 0
            ? []
            : [
                {
                  query: `UPDATE ${inbox} USING TIMESTAMP ? AND TTL ? SET ${set.join(', ')} WHERE ${PARTITION} AND place = 0 AND id IN ?`,
                  params: [time, ttl, ...values, tenant, user, month, ids],
                },
              ]
        await session.write([
          ...update(assignments(cells, acted), written),
          ...update(assignments(settled), (settledAt + LEAD_MS) * 1_000),
        ])
      })
    },

    settledPlace: () => Date.now() - CLOCK_TOLERANCE_MS,

    replaceShared: (tenant, notification, content, acceptedAt) => {
      const until = acceptedAt + retention + MONTH_MS
      return contents.put(tenant, notification, JSON.stringify(content), acceptedAt, until)
    },

    replaceOne: async (owner, id, content, acceptedAt) => {
      const [row] = await itemRows(owner, [id], false)
      const [dated] = datedIds([id])
      if (!row || !dated || row.ref !== null) return
      const { tenant, user } = owner
      await session.write([
        {
          query: `UPDATE ${inbox} USING TIMESTAMP ? AND TTL ? SET content = ? WHERE ${PARTITION} AND place = 0 AND id = ?`,
          params: [
            ...[acceptedAt * 1_000, ttlUntil(row.expiresAt), JSON.stringify(content)],
            ...[tenant, user, dated.month, id],
          ],
        },
      ])
    },

    recalled: (tenant, notification) => contents.recall(tenant, notification),
    recipients: (tenant, notification) => recipients.walk(tenant, notification),

    clear: async (owner, erasedAt) => {
      const { tenant, user } = owner
      const now = Date.now()
      const written = clock()
      // Ids say when their items were accepted, so deleting a range of ids holds whenever those are written.
      const end = earliestUuid7(erasedAt + 1)
      await forEach(
        monthsBetween(monthOf(now + LEAD_MS), monthOf(now - retention - HORIZON_MS)),
        async (month) => {
          const key = [tenant, user, month]
          await session.write([
            {
              query: `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${PARTITION} AND (place) > (0)`,
              params: [erasedAt * 1_000, ...key],
            },
            {
              query: `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${PARTITION} AND place = 0 AND id < ?`,
              params: [written, ...key, end],
            },
          ])
        },
      )
      await clearGuide(owner)
      // Ids may carry a later time than that; their items are removed one by one.
      const ahead = await Promise.all(
        monthsBetween(monthOf(now + LEAD_MS), monthOf(erasedAt)).map((month) =>
          session.rows(`SELECT id FROM ${inbox} WHERE ${PARTITION} AND place = 0 AND id >= ?`, [
            ...[tenant, user, month],
            end,
          ]),
        ),
      )
      await remove(
        owner,
        ahead.flat().map((row) => String(row.id)),
      )
    },
  }
}
