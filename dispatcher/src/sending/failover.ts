import type { Outcome } from '@carillon/core/delivery/provider'
import type { Failure, Pause } from './breakers.ts'
import type { Claim } from './claim.ts'
import type { Busy } from './permit.ts'

/** What came of asking one candidate. Anything but an outcome: it was not asked. */
export type Answer = Outcome | Pause | Busy | { outcome: 'taken'; claim: Exclude<Claim, { claim: 'ours' }> }

/** Of `failed`, `busy` and `paused` answers, `free` is when the first of the candidates may be asked again, epoch ms. */
export type Result<Candidate> =
  | { result: 'sent'; candidate: Candidate; id?: string | undefined }
  | { result: 'refused'; candidate: Candidate; failure: Extract<Outcome, { outcome: 'refused' }> }
  | { result: 'in_doubt'; candidate: Candidate; failure: Extract<Outcome, { outcome: 'doubt' }> }
  | { result: 'taken'; claim: Exclude<Claim, { claim: 'ours' }> }
  | { result: 'failed'; candidate: Candidate; failure: Failure; free: number }
  | { result: 'busy'; busy: Busy; free: number }
  | { result: 'paused'; candidate: Candidate; pause: Pause; free: number }

/**
 * Asks one candidate after the other until one has an answer that counts: it sent the message, refused it for good, left
 * it in doubt, or another process has it. Otherwise the result is the trouble that says most: a failure (the last one),
 * then a lack of room, which is no trouble worth telling, then the pause of a breaker (the first one).
 *
 * Throws RangeError without a candidate.
 */
export const failover = async <Candidate>(
  candidates: readonly Candidate[],
  ask: (candidate: Candidate) => Promise<Answer>,
  now: () => number = Date.now,
): Promise<Result<Candidate>> => {
  let failed: { candidate: Candidate; failure: Failure } | undefined
  let paused: { candidate: Candidate; pause: Pause } | undefined
  let busy: Busy | undefined
  let free = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const answer = await ask(candidate)
    switch (answer.outcome) {
      case 'sent':
        return { result: 'sent', candidate, id: answer.id }
      case 'taken':
        return { result: 'taken', claim: answer.claim }
      case 'refused':
        return { result: 'refused', candidate, failure: answer }
      case 'doubt':
        return { result: 'in_doubt', candidate, failure: answer }
      case 'busy':
        free = Math.min(free, answer.at)
        busy ??= answer
        break
      case 'paused':
        free = Math.min(free, answer.at)
        paused ??= { candidate, pause: answer }
        break
      default:
        free = Math.min(free, now() + (answer.afterMs ?? 0))
        failed = { candidate, failure: answer }
    }
  }
  if (failed) return { result: 'failed', ...failed, free }
  if (busy) return { result: 'busy', busy, free }
  if (paused) return { result: 'paused', ...paused, free }
  throw new RangeError('there is no candidate to ask')
}
