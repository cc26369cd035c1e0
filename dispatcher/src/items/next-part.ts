import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Position } from '@carillon/core/items/sequence'

/** Maximum unfinished notifications in the message of a part. A walk that finds more pauses. */
export const UNFINISHED_MAX = 1_000
/** The pause before unfinished notifications are checked again, in ms. It doubles each time. */
const PAUSE_MS = 250
const PAUSE_MAX_MS = 30_000
/** How long unfinished notifications are checked, in ms: longer than a fan-out and the intake of a notification take. */
const FAN_OUT_MS = 3_600_000
const INTAKE_MS = 600_000

/**
 * The result of a part. `next`: where its phase continues. `done`, `found`: inboxes handled, and inboxes to handle. `finished`:
 * notifications that need no further check. `watermark`: see `OperationWork`. `users`: those whose items may have changed.
 */
export type Part = {
  next?: Position
  watermark: number
  done: number
  found: number
  skipped: number
  unfinished: readonly string[]
  finished: readonly string[]
  users: readonly string[]
}

/** The next part, or the end of the operation. `at`: when the part is due, epoch ms; absent for at once. */
export type NextPart = { work: OperationWork; at?: number } | { ended: OperationWork }

const pauseOf = (round: number): number => Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(round, 16))

const maxWait = ({ verb, target }: OperationWork): number =>
  verb.kind === 'recall' && target.user === undefined ? INTAKE_MS : FAN_OUT_MS

/** Reports whether a walk only finds unfinished notifications, because the user's inbox is read after it. */
export const findsUnfinishedOnly = ({ phase, target, since }: OperationWork): boolean =>
  phase === 'walk' && target.user !== undefined && since === undefined

/**
 * Returns the part that follows another one. Pure.
 *
 * The walk comes first, then the user's inbox if the target names a user. Unfinished notifications, whose items were still
 * being stored, are checked again with growing pauses. Another walk finds the notifications that dispatchers had not read when
 * the first one began. A walk with too many unfinished notifications pauses until there are fewer.
 */
export const nextPart = (work: OperationWork, part: Part, now: number): NextPart => {
  const { position: _, ids: _ids, resume, ...rest } = work
  const finished = new Set(part.finished)
  const unfinished = [...new Set([...work.unfinished, ...part.unfinished])].filter((id) => !finished.has(id))
  const done = work.done + part.done
  const reached = {
    ...{ ...rest, unfinished, step: work.step + 1, done, watermark: part.watermark },
    total: Math.max(done, work.total + part.found),
    skipped: work.skipped + part.skipped,
  }
  const mayWait = now < work.createdAt + maxWait(work)
  const isBehind = part.watermark < work.until

  const recheck = (after?: Position): NextPart => ({
    work: {
      ...{ ...reached, phase: 'recheck', ids: unfinished, unfinished: [], round: work.round + 1 },
      ...(after ? { resume: after } : {}),
    },
    at: now + pauseOf(work.round),
  })
  const walkAgain = (pause: number): NextPart => {
    const { watermark, ...kept } = reached
    return { work: { ...kept, phase: 'walk', since: watermark, round: work.round + 1 }, at: now + pause }
  }

  if (work.phase === 'walk' && part.next && unfinished.length >= UNFINISHED_MAX && mayWait)
    return recheck(part.next)
  if (part.next)
    return {
      work: {
        ...{ ...reached, position: part.next },
        ...(work.ids ? { ids: work.ids } : {}),
        ...(resume ? { resume } : {}),
      },
    }
  if (findsUnfinishedOnly(work)) return { work: { ...reached, phase: 'inbox' } }
  if (work.phase === 'recheck' && resume)
    return unfinished.length >= UNFINISHED_MAX / 2 && mayWait
      ? recheck(resume)
      : { work: { ...reached, phase: 'walk', position: resume } }
  if (!mayWait) return { ended: reached }
  if (work.phase === 'recheck' && isBehind) return walkAgain(0)
  if (unfinished.length > 0) return recheck()
  return isBehind ? walkAgain(pauseOf(work.round)) : { ended: reached }
}
