import { isDeepStrictEqual } from 'node:util'
import { ProblemError } from '@carillon/core/errors'
import { grouped } from '@carillon/core/group-by'
import type { Live, LiveMessage } from '@carillon/core/live/port'
import { checkHorizon } from '@carillon/core/notification/horizon'
import { cellsOf, documentOf, isWithin } from '@carillon/core/preferences/document'
import { type Documents, GENERAL } from '@carillon/core/preferences/documents'
import { timesMessage } from '@carillon/core/preferences/times-message'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { Changes, ChoiceChange, UserPreferences } from '@carillon/core/store/ports/preferences'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { ChangeWay, PreferenceValue } from '@carillon/schemas'
import { hasChanged } from '../http/if-match.ts'

/** Choices that one user may have, in general and in all contexts together. */
const CHOICES_MAX = 1_000

/** Paths of the choices that decide how long messages wait. */
const TIMES = /^\/(?:snoozedUntil|quietHours|digest|channels|categories|types)(?:\/|$)/

/** Reports whether a change may move what waits. What is switched off is left out when its time comes. */
const moves = ({ path, value }: ChoiceChange): boolean => TIMES.test(path) && value !== false

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** Makes the changes to choices by path. Returns those that changed something. */
const applyTo = (cells: Map<string, PreferenceValue>, changes: readonly ChoiceChange[]): ChoiceChange[] =>
  changes.filter(({ path, value }) => {
    if (value !== null) {
      const changed = !isDeepStrictEqual(cells.get(path), value)
      cells.set(path, value)
      return changed
    }
    const gone = [...cells.keys()].filter((at) => isWithin(at, path))
    for (const at of gone) cells.delete(at)
    return gone.length > 0
  })

const checkSnooze = (changes: readonly ChoiceChange[], now: number) => {
  for (const { path, value } of changes)
    if (path === '/snoozedUntil' && value !== null) checkHorizon({ snoozedUntil: String(value) }, now)
}

/**
 * Changes the preferences of a user, in general and in contexts, and notifies the user's apps. Unchanged choices are not
 * written, recorded or announced. `expect` is called with the preferences before the change. It may throw, and returns what
 * must still hold when the change is written. Resolves with the preferences after it. Throws `erased`, `quota_exceeded` beyond
 * CHOICES_MAX choices, `precondition_failed`, and `too_far` if `snoozedUntil` is beyond the horizon. A change of quiet hours,
 * snooze or digest time also reschedules the messages that wait for them.
 */
export const createChangePreferences = ({
  preferences,
  stream,
  live,
  log,
  metrics,
}: {
  preferences: UserPreferences
  stream: Pick<Stream, 'publish'>
  live: Pick<Live, 'deliver'>
  log: Log
  metrics: Metrics
}) => {
  const tell = async ({ tenant, user }: Owner, via: ChangeWay, contexts: Iterable<string>) => {
    try {
      const reached = await live.deliver(
        [...contexts].map((context): LiveMessage => {
          const event = { tenant, user, event: 'preferences.changed' } as const
          if (context === GENERAL) return { ...event, payload: { via }, to: 'all' }
          return { ...event, payload: { via, context }, to: 'item', context }
        }),
      )
      for (const { whole, other } of reached)
        metrics.live.inc({ outcome: whole || other ? 'connected' : 'away' })
    } catch (err) {
      metrics.live.inc({ outcome: 'lost' })
      log.warn({ err, tenant }, 'open apps were not notified of changed preferences')
    }
  }

  return async (
    owner: Owner,
    { changes, ...author }: Changes,
    expect: (before: Documents) => Changes['expected'] = () => undefined,
  ): Promise<Documents> => {
    const { tenant, user } = owner
    checkSnooze(changes, Date.now())
    const before = (await preferences.get(tenant, [user])).get(user) ?? new Map()
    const expected = expect(before)
    const after = new Map([...before].map(([context, document]) => [context, new Map(cellsOf(document))]))
    const made = [...grouped(changes, ({ context = GENERAL }) => context)].flatMap(([context, some]) => {
      const cells = after.get(context) ?? new Map<string, PreferenceValue>()
      after.set(context, cells)
      return applyTo(cells, some)
    })
    // An unsubscribe link always works. It adds a few choices, and no link adds more than once.
    if (sum([...after.values()].map(({ size }) => size)) > CHOICES_MAX && author.via !== 'link')
      throw new ProblemError('quota_exceeded', `a user may have at most ${CHOICES_MAX} choices`)
    if (made.length > 0) {
      if (made.some(moves)) await stream.publish([timesMessage(tenant, user, Date.now())])
      const condition = expected ? { expected } : {}
      const outcome = await preferences.change(tenant, user, { ...author, changes: made, ...condition })
      if (outcome === 'erased') throw new ProblemError('erased', 'the user is erased')
      if (outcome === 'stale') throw hasChanged()
      await tell(owner, author.via, new Set(made.map(({ context = GENERAL }) => context)))
    }
    return new Map([...after].map(([context, cells]) => [context, documentOf(cells)]))
  }
}

export type ChangePreferences = ReturnType<typeof createChangePreferences>
