import type { Decision } from '@carillon/core/routing/decision'
import type { Store } from '@carillon/core/store/port'
import type { Delivery } from '@carillon/schemas'

const WINDOW = /^(?:digest|window) (\S+)$/

/** Returns the id of the window in which a delivery waits; undefined if it does not wait in one. */
const windowOf = ({ state, detail }: Delivery): string | undefined =>
  state === 'queued' ? WINDOW.exec(detail ?? '')?.[1] : undefined

/**
 * Creates the function that replaces the recorded end of waits in digests and quiet hours by the current one, because windows
 * move and slide. Deliveries that wait in a window cost one read of the windows of their users.
 */
export const createWindowTimes = ({ digests, deliveries }: Pick<Store, 'digests' | 'deliveries'>) => {
  /** Returns when windows close, epoch ms, by id. A closed digest may wait for the end of quiet hours itself. */
  const endsOf = async (tenant: string, waiting: ReadonlyMap<string, string>) => {
    const open = await digests.open(tenant, [...new Set(waiting.values())])
    const ends = new Map(open.map(({ id, closesAt }) => [id, closesAt]))
    const closed = [...waiting].filter(([id]) => !ends.has(id))
    if (closed.length === 0) return ends
    const rows = await deliveries.of(
      tenant,
      closed.map(([id, user]) => ({ id, toAudience: false, user })),
    )
    for (const row of rows.flat()) {
      const recorded = row.nextAttemptAt === null ? undefined : Date.parse(row.nextAttemptAt)
      const end = ends.get(windowOf(row) ?? '') ?? recorded
      if (row.state === 'queued' && end !== undefined) ends.set(row.notification, end)
    }
    return ends
  }

  return async (tenant: string, all: readonly Delivery[]): Promise<Delivery[]> => {
    const waiting = new Map<string, string>()
    for (const each of all) {
      const id = windowOf(each)
      if (id !== undefined) waiting.set(id, each.user)
    }
    if (waiting.size === 0) return [...all]
    const ends = await endsOf(tenant, waiting)
    return all.map((each) => {
      const end = ends.get(windowOf(each) ?? '')
      return end === undefined ? each : { ...each, nextAttemptAt: new Date(end).toISOString() }
    })
  }
}

export type WindowTimes = ReturnType<typeof createWindowTimes>

const placeOf = (channel: string | undefined, step: number | undefined, until: number) =>
  `${channel}\n${step}\n${until}`

/** Returns decisions with the current ends of the waits that deliveries recorded. `current` has the deliveries in order. */
export const withCurrentEnds = (
  decisions: readonly Decision[],
  recorded: readonly Delivery[],
  current: readonly Delivery[],
): Decision[] => {
  const moved = new Map<string, number>()
  for (const [index, { channel, step, nextAttemptAt: before }] of recorded.entries()) {
    const after = current[index]?.nextAttemptAt
    if (before && after) moved.set(placeOf(channel, step ?? undefined, Date.parse(before)), Date.parse(after))
  }
  return decisions.map((decision) => {
    const { channel, step, until } = decision
    const end = until === undefined ? undefined : moved.get(placeOf(channel, step, until))
    return end === undefined ? decision : { ...decision, until: end }
  })
}
