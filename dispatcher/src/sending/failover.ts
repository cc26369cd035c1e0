import type { Outcome } from '@carillon/core/delivery/provider'
import type { Failure, Pause } from './breakers.ts'
import type { Claim } from './claim.ts'
import type { Busy } from './permit.ts'

/** The answer of one candidate. Anything but an outcome means that no request was made. */
export type Answer = Outcome | Pause | Busy | { outcome: 'taken'; claim: Exclude<Claim, { claim: 'ours' }> }

/** The result of trying the candidates. `free` is when the first of them may be tried again, epoch ms. */
export type Result<Candidate> =
  | { result: 'sent'; candidate: Candidate; id?: string | undefined }
  | { result: 'refused'; candidate: Candidate; failure: Extract<Outcome, { outcome: 'refused' }> }
  | { result: 'in_doubt'; candidate: Candidate; failure: Extract<Outcome, { outcome: 'doubt' }> }
  | { result: 'taken'; claim: Exclude<Claim, { claim: 'ours' }> }
  | { result: 'failed'; candidate: Candidate; failure: Failure; free: number }
  | { result: 'busy'; busy: Busy; free: number }
  | { result: 'paused'; candidate: Candidate; pause: Pause; free: number }

/**
 * Tries one candidate after the other until one has sent the message, refused it permanently or left it in
 * doubt, or until another process has claimed it. Otherwise the result is the last failure. Without a
 * failure, it is `busy` if a candidate had no permit, else the first pause of a breaker.
 *
 * Throws RangeError without candidates.
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
