import type { StepDecision } from '@carillon/core/routing/decision'
import type { SuppressionReason } from '@carillon/schemas'

/** Why something was not sent: a stable word, and a text for people. */
export type Explanation = { reason: string; detail: string }

/**
 * How one run of a step ended, for one destination.
 *
 * - `sent`: the provider accepted it. `reports`: it may report on it later.
 * - `retry`: the attempt failed; the next one is at `at` (epoch ms).
 * - `refused`: the provider will never accept it. `forget`: the device is gone, or the address is to be suppressed.
 * - `exhausted`: the attempt failed, and no retry is left.
 * - `in_doubt`: nobody knows whether it was sent, and it is not sent again. Without `account`, its process died.
 * - `waiting`: no provider was asked; the same attempt is due again at `at`. It waits `for` a permit, for the pause of
 *   a `breaker` to end (`begun`: that time counts against the retry window), or for its `condition`.
 * - `skipped`: it is left out. If it was wanted but reaches nobody, the next step is due.
 * - `taken`: another process has the attempt. `until`: it may still be sending. Otherwise it has recorded an outcome,
 *   and `failed` is the reason if that was the end of all attempts.
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
  | ({ ending: 'exhausted'; account: string } & Explanation)
  | ({ ending: 'in_doubt'; account?: string } & Explanation)
  | ({ ending: 'waiting'; for: 'permit'; at: number } & Explanation)
  | ({ ending: 'waiting'; for: 'breaker'; at: number; account: string; begun: boolean } & Explanation)
  | { ending: 'waiting'; for: 'condition'; decision: Extract<StepDecision, { outcome: 'wait' }> }
  | { ending: 'skipped'; decision: Extract<StepDecision, { outcome: 'skip' | 'end' }> }
  | { ending: 'taken'; until: number }
  | { ending: 'taken'; until?: undefined; failed?: string | undefined }
