import { countsOf, hasStatus } from '@carillon/schemas'
import type { Counted, Owner } from '../ports/inbox.ts'
import type { Limits } from './limits.ts'
import type { HintKind, InboxRows } from './rows.ts'
import { type Begun, type Scanned, scan } from './scan.ts'

/** The scans of a call, by the scanned list. */
export type Scans = Partial<Record<HintKind, Scanned>>

/** A call: the owner of the inbox, the first read, and the time of the call (epoch ms). */
export type Call = { owner: Owner; opened: Begun; now: number }

/**
 * Counts unread and unseen items from their rows, exactly up to `limits.count`. The count is incomplete if a scan was cut at
 * `limits.rows`.
 */
export const createCount =
  (rows: InboxRows, limits: Limits) =>
  async ({ owner, opened, now }: Call, scans: Scans): Promise<Counted> => {
    const most = limits.rows
    let unread = 0
    let unseen = 0
    const scanned = await scan(rows, owner, { kind: 'unread', most }, opened, now, (_, cells) => {
      if (!hasStatus('unread', cells, now)) return false
      unread++
      if (cells.seenAt === null) unseen++
      return unread > limits.count
    })
    scans.unread = scanned
    let cut = scanned.end === 'cut'
    // Every unseen item is unread, so there can be more unseen items only if there are more unread ones than
    // were read.
    if (scanned.end !== 'done' && unseen <= limits.count) {
      unseen = 0
      const other = await scan(rows, owner, { kind: 'unseen', most }, opened, now, (_, cells) => {
        if (hasStatus('unseen', cells, now)) unseen++
        return unseen > limits.count
      })
      scans.unseen = other
      cut ||= other.end === 'cut'
    }
    return { counts: countsOf(unread, unseen, cut, limits.count), complete: !cut }
  }
