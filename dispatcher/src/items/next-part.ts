import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Position } from '@carillon/core/items/sequence'

/** Notifications to visit again that a part may name, so that its message stays small. A walk with more pauses. */
export const UNFINISHED_MAX = 1_000
/** Pauses before these visits, in ms, doubled each time. */
const PAUSE_MS = 250
const PAUSE_MAX_MS = 30_000
/** Time in which these visits begin, in ms: longer than a dispatcher needs for a notification, or for a fan-out. */
const FAN_OUT_MS = 3_600_000
const READING_MS = 600_000

/**
 * The result of a part. `next`: where its stage continues. `done`, `found`: inboxes handled, and inboxes to handle. `settled`:
 * notifications that need no further visit. `readTo`: see `OperationWork`. `users`: those whose items may have changed.
 */
export type Part = {
  next?: Position
  readTo: number
  done: number
  found: number
  skipped: number
  unfinished: readonly string[]
  settled: readonly string[]
  users: readonly string[]
}

/** The part that follows. `at`: when it is due, epoch ms; absent for at once. `ended`: nothing follows. */
export type Following = { work: OperationWork; at?: number } | { ended: OperationWork }

const pauseOf = (round: number): number => Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(round, 16))

const lastsFor = ({ verb, target }: OperationWork): number =>
  verb.kind === 'recall' && target.user === undefined ? READING_MS : FAN_OUT_MS

/** Reports whether a walk only looks for unfinished notifications, because the user's inbox is read after it. */
export const onlyLooks = ({ stage, target, since }: OperationWork): boolean =>
  stage === 'walk' && target.user !== undefined && since === undefined

/**
 * Returns the part that follows another one.
 *
 * The walk comes first, then the user's inbox if the target names a user. Notifications whose items were still being stored
 * are visited again, with growing pauses. So are those that dispatchers had not read when the walk began: they are found by
 * another walk. A walk with too many unfinished notifications pauses until there are fewer. Pure.
 */
export const nextPart = (work: OperationWork, part: Part, now: number): Following => {
  const { position: _, ids: _ids, resume, ...rest } = work
  const settled = new Set(part.settled)
  const unfinished = [...new Set([...work.unfinished, ...part.unfinished])].filter((id) => !settled.has(id))
  const done = work.done + part.done
  const reached = {
    ...{ ...rest, unfinished, step: work.step + 1, done, readTo: part.readTo },
    total: Math.max(done, work.total + part.found),
    skipped: work.skipped + part.skipped,
  }
  const mayWait = now < work.createdAt + lastsFor(work)
  const isBehind = part.readTo < work.until

  const revisit = (after?: Position): Following => ({
    work: {
      ...{ ...reached, stage: 'revisit', ids: unfinished, unfinished: [], round: work.round + 1 },
      ...(after ? { resume: after } : {}),
    },
    at: now + pauseOf(work.round),
  })
  const walkAgain = (pause: number): Following => {
    const { readTo, ...kept } = reached
    return { work: { ...kept, stage: 'walk', since: readTo, round: work.round + 1 }, at: now + pause }
  }

  if (work.stage === 'walk' && part.next && unfinished.length >= UNFINISHED_MAX && mayWait)
    return revisit(part.next)
  if (part.next)
    return {
      work: {
        ...{ ...reached, position: part.next },
        ...(work.ids ? { ids: work.ids } : {}),
        ...(resume ? { resume } : {}),
      },
    }
  if (onlyLooks(work)) return { work: { ...reached, stage: 'inbox' } }
  if (work.stage === 'revisit' && resume)
    return unfinished.length >= UNFINISHED_MAX / 2 && mayWait
      ? revisit(resume)
      : { work: { ...reached, stage: 'walk', position: resume } }
  if (!mayWait) return { ended: reached }
  if (work.stage === 'revisit' && isBehind) return walkAgain(0)
  if (unfinished.length > 0) return revisit()
  return isBehind ? walkAgain(pauseOf(work.round)) : { ended: reached }
}
