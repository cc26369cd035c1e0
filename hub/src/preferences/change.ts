import { ProblemError } from '@carillon/core/errors'
import type { Live } from '@carillon/core/live/port'
import { cellsOf, documentOf, isWithin } from '@carillon/core/preferences/document'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { Changes, ChoiceChange, UserPreferences } from '@carillon/core/store/ports/preferences'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { ChangeWay, Choice, Preferences } from '@carillon/schemas'

/** Choices that one user may have. */
const CHOICES_MAX = 1_000

/** Makes the changes to choices by path. Returns those that changed something. */
const applyTo = (cells: Map<string, Choice>, changes: readonly ChoiceChange[]): ChoiceChange[] =>
  changes.filter(({ path, value }) => {
    if (value !== null) {
      const changed = cells.get(path) !== value
      cells.set(path, value)
      return changed
    }
    const gone = [...cells.keys()].filter((at) => isWithin(at, path))
    for (const at of gone) cells.delete(at)
    return gone.length > 0
  })

/**
 * Changes the preferences of a user and tells all their apps. What is so already is neither written, recorded nor told.
 * Resolves with the preferences after the change. Throws `erased`, and `invalid_request` beyond CHOICES_MAX choices.
 */
export const createChangePreferences = ({
  preferences,
  live,
  log,
  metrics,
}: {
  preferences: UserPreferences
  live: Pick<Live, 'deliver'>
  log: Log
  metrics: Metrics
}) => {
  const tell = async ({ tenant, user }: Owner, via: ChangeWay) => {
    try {
      const [reached] = await live.deliver([{ tenant, user, event: 'preferences.changed', payload: { via } }])
      metrics.live.inc({ outcome: reached ? 'connected' : 'away' })
    } catch (err) {
      metrics.live.inc({ outcome: 'lost' })
      log.warn({ err, tenant }, 'open tabs were not told of changed preferences')
    }
  }

  return async (owner: Owner, { changes, ...author }: Changes): Promise<Preferences> => {
    const { tenant, user } = owner
    const before = (await preferences.get(tenant, [user])).get(user) ?? {}
    const cells = new Map(cellsOf(before))
    const made = applyTo(cells, changes)
    if (cells.size > CHOICES_MAX)
      throw new ProblemError('invalid_request', `a user may have at most ${CHOICES_MAX} choices`)
    if (made.length > 0) {
      if (!(await preferences.change(tenant, user, { ...author, changes: made })))
        throw new ProblemError('erased', 'the user is erased')
      await tell(owner, author.via)
    }
    return documentOf(cells)
  }
}

export type ChangePreferences = ReturnType<typeof createChangePreferences>
