import { grouped, groupedSlices } from '../../group-by.ts'
import { CLOCK_TOLERANCE_MS, type InboxRows } from '../inbox/rows.ts'
import type { NewItem, Owner } from '../ports/inbox.ts'
import { LEAD_MS, writeClock } from './clock.ts'
import { cassandraContents } from './contents.ts'
import { createChange } from './inbox-change.ts'
import { createClear } from './inbox-clear.ts'
import { cassandraEntities } from './inbox-entities.ts'
import { cassandraInboxGuide } from './inbox-guide.ts'
import { createPut } from './inbox-put.ts'
import { createReads } from './inbox-read.ts'
import { MONTH_MS, PARTITION } from './inbox-row.ts'
import { datedIds } from './months.ts'
import { cassandraRecipients } from './recipients.ts'
import { forEach, type Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

const IDS_PER_QUERY = 100

/** Inbox rows, with a method for other parts of the adapter. */
export type CassandraInboxRows = InboxRows & {
  /**
   * Removes everything of a user. Items accepted at or before `erasedAt` (epoch ms) stay removed even if they
   * are written later.
   */
  clear(owner: Owner, erasedAt: number): Promise<void>
}

/**
 * Stores the rows of inboxes. A put writes with timestamps at or before the acceptance. State is in other
 * cells, and a removal is a row deletion; both have later timestamps. So in any order of writes, a redelivery
 * undoes nothing, and nothing has to be read first. `retention` (ms) is how far back reads go.
 */
export const cassandraInbox = (session: Session, retention: number): CassandraInboxRows => {
  const inbox = session.table('inbox')
  const contents = cassandraContents(session, retention)
  const recipients = cassandraRecipients(session)
  const { clear: clearGuide, ...guide } = cassandraInboxGuide(session, retention)
  const { items, log, open, placesOf } = createReads(session, retention, contents)
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

  const keep = async (items: readonly NewItem[]) => {
    const now = Date.now()
    const kept = items.filter(({ keepRecipient, expiresAt }) => keepRecipient && expiresAt > now)
    const together = grouped(kept, ({ tenant, content }) => `${tenant}\n${content.notification}`)
    await forEach([...together.values()], (some) => {
      const until = Math.max(...some.map(({ expiresAt }) => expiresAt))
      return recipients.put(some, ttlUntil(Math.min(until, now + retention + MONTH_MS), now))
    })
  }

  return {
    ...guide,
    ...cassandraEntities(session, retention, placesOf),
    items,
    log,
    open: open(guide.guide),
    remove,

    put: createPut(session, retention, {
      contents,
      keep,
      remove: (some) => forEach(some, ({ tenant, user, id }) => remove({ tenant, user }, [id])),
    }),

    keepRecipients: keep,

    change: createChange(session, retention, clock),

    settledPlace: () => Date.now() - CLOCK_TOLERANCE_MS,

    recalled: (tenant, notification) => contents.recall(tenant, notification),
    isRecalled: async (tenant, notification) => (await contents.one(tenant, notification)).recalled,
    recipients: recipients.page,

    clear: createClear(session, retention, { clock, remove, clearGuide }),
  }
}
