import { type CountLabel, type Counts, countsOf, hasStatus, type ItemLabels } from '@carillon/schemas'
import type { CountedBy } from '../ports/inbox.ts'
import type { Call, Scans } from './counts.ts'
import type { Limits } from './limits.ts'
import type { InboxRows } from './rows.ts'
import { scan } from './scan.ts'

/** Maximum number of values of a label that are counted. */
const VALUES_MAX = 500

type Tally = { unread: number; unseen: number }

const valuesOf = (label: CountLabel, { category, tags = [], context = '' }: ItemLabels): readonly string[] =>
  label === 'tag' ? tags : label === 'context' ? [context] : category === undefined ? [] : [category]

/**
 * Counts unread and unseen items by the values of labels, in one scan of the unread items. If the scan was cut at
 * `limits.rows`, or there are more than VALUES_MAX values, every count is a lower bound with `more`.
 */
export const createCountBy =
  (rows: InboxRows, limits: Limits, labels: readonly CountLabel[]) =>
  async ({ owner, opened, now }: Call, scans: Scans): Promise<CountedBy> => {
    const total: Tally = { unread: 0, unseen: 0 }
    const tallies = labels.map((label) => [label, new Map<string, Tally>()] as const)
    let crowded = false
    const add = (values: Map<string, Tally>, value: string, unseen: number) => {
      const tally = values.get(value)
      if (tally) {
        tally.unread++
        tally.unseen += unseen
      } else if (values.size < VALUES_MAX) values.set(value, { unread: 1, unseen })
      else crowded = true
    }
    const query = { kind: 'unread', most: limits.rows } as const
    const scanned = await scan(rows, owner, query, opened, now, (row, cells) => {
      if (!hasStatus('unread', cells, now)) return false
      const unseen = cells.seenAt === null ? 1 : 0
      total.unread++
      total.unseen += unseen
      for (const [label, values] of tallies)
        for (const value of new Set(valuesOf(label, row))) add(values, value, unseen)
      return false
    })
    scans.unread = scanned
    const cut = scanned.end === 'cut' || crowded
    const counts = ({ unread, unseen }: Tally): Counts => countsOf(unread, unseen, cut, limits.count)
    const by = tallies.map(
      ([label, values]) =>
        [label, new Map([...values].map(([value, tally]) => [value, counts(tally)]))] as const,
    )
    return { counts: counts(total), by: new Map(by), complete: !cut }
  }
