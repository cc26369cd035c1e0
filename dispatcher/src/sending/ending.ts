import type { StepDecision } from '@carillon/core/routing/decision'
import type { SuppressionReason } from '@carillon/schemas'

/** The reason why a message was not sent: a stable word, and a text for readers. */
export type Explanation = { reason: string; detail: string }

/**
 * The ending of one run of a step for one destination.
 *
 * - `sent`: the provider accepted it. `reports`: it may report on it later.
 * - `retry`: the attempt failed; the next one is at `at` (epoch ms).
 * - `refused`: the provider will never accept it. `forget`: the device no longer exists, or the address is to be suppressed.
 * - `unrendered`: its texts cannot be rendered, so nothing was sent. `reason` is `template_error`.
 * - `exhausted`: the attempt failed, and no retry is left.
 * - `in_doubt`: it is unknown whether it was sent, and it is not resent. Without `account`, its process died.
 * - `waiting`: no request was made; the same attempt is due again at `at`. It waits `for` a permit, for the
 *   pause of a `breaker` to end (`begun`: that time counts against the retry window), for its `condition`, or in a
 *   `window` that publishes it again.
 * - `skipped`: the step is skipped. If it was wanted but has no destination, the next step is due.
 * - `taken`: another process has claimed the attempt. `until`: it may still be sending. Otherwise it has
 *   recorded an outcome, and `failed` is the reason if that was the end of all attempts.
 */
export type Ending =
  | { ending: 'sent'; account: string; providerId?: string | undefined; reports: boolean }
  | ({ ending: 'retry'; account: string; at: number } & Explanation)
  | ({
      ending: 'refused'
      account: string
      forget?: 'device' | SuppressionReason | undefined
      address?: string | undefined
    } & Explanation)
  | ({ ending: 'unrendered' } & Explanation)
  | ({ ending: 'exhausted'; account: string } & Explanation)
  | ({ ending: 'in_doubt'; account?: string } & Explanation)
  | ({ ending: 'waiting'; for: 'permit'; at: number } & Explanation)
  | ({ ending: 'waiting'; for: 'breaker'; at: number; account: string; begun: boolean } & Explanation)
  | { ending: 'waiting'; for: 'condition'; decision: Extract<StepDecision, { outcome: 'wait' }> }
  | { ending: 'waiting'; for: 'window'; decision: Extract<StepDecision, { outcome: 'wait' | 'join' }> }
  | { ending: 'skipped'; decision: Extract<StepDecision, { outcome: 'skip' | 'end' }> }
  | { ending: 'taken'; until: number }
  | { ending: 'taken'; until?: undefined; failed?: string | undefined }
