import type { Outcome } from '@carillon/core/delivery/provider'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { LRUCache } from 'lru-cache'

/** Maximum number of remembered accounts (or their hosts), kinds of failure and metric series. */
const REMEMBERED_MAX = 2_000
/** The time between two log lines about the same kind of failure. */
const REMINDER_MS = 10 * 60_000

/** How often an upstream has failed, and since when (epoch ms). */
type Trouble = { since: number; failures: number }
/** An upstream: the account, and the host if addresses are URLs. */
export type Place = { tenant: string; account: string; provider: string; host?: string }

/** Reports whether the account or the provider is at fault. A refused or rate-limited recipient is neither. */
const ofAccount = (outcome: Outcome): boolean =>
  outcome.outcome === 'account' ||
  outcome.outcome === 'doubt' ||
  (outcome.outcome === 'retry' && outcome.scope !== 'recipient')

/**
 * Makes failing accounts visible: one log line per account and kind of failure, however many messages fail, one when the
 * account works again, and a metric by account and reason. Both are bounded, because providers choose reasons.
 */
export const createFailureLog = ({
  log,
  metrics,
  now = Date.now,
}: {
  log: Pick<Log, 'warn' | 'info'>
  metrics: Pick<Metrics, 'sendFailures'>
  now?: () => number
}) => {
  const failing = new LRUCache<string, Trouble>({ max: REMEMBERED_MAX })
  /** When each kind of failure was last logged. */
  const logged = new LRUCache<string, number>({ max: REMEMBERED_MAX })
  const counted = new LRUCache<string, { tenant: string; account: string; reason: string }>({
    max: REMEMBERED_MAX,
    dispose: (labels) => metrics.sendFailures.remove(labels),
  })

  const count = (tenant: string, account: string, reason: string) => {
    const key = [tenant, account, reason].join('\n')
    const labels = counted.get(key) ?? { tenant, account, reason }
    counted.set(key, labels, { noDisposeOnSet: true })
    metrics.sendFailures.inc(labels)
  }

  const works = (place: Place, key: string) => {
    const trouble = failing.get(key)
    if (!trouble) return
    failing.delete(key)
    const seconds = Math.round((now() - trouble.since) / 1_000)
    log.info({ ...place, failures: trouble.failures, seconds }, 'the provider works again')
  }

  const fails = (place: Place, key: string, { reason, detail }: { reason: string; detail: string }) => {
    const trouble = failing.get(key)
    if (trouble) trouble.failures++
    const kind = `${key}\n${reason}`
    if (now() - (logged.get(kind) ?? Number.NEGATIVE_INFINITY) < REMINDER_MS) return
    logged.set(kind, now())
    if (!trouble) failing.set(key, { since: now(), failures: 1 })
    const failures = trouble?.failures ?? 1
    log.warn({ ...place, reason, detail, failures }, 'the provider fails; its messages wait')
  }

  return {
    /** Records the outcome of a send. */
    ended: (place: Place, outcome: Outcome): void => {
      const { tenant, account, host = '' } = place
      const key = [tenant, account, host].join('\n')
      if (outcome.outcome !== 'sent') count(tenant, account, outcome.reason)
      if (outcome.outcome === 'sent') works(place, key)
      else if (ofAccount(outcome)) fails(place, key, outcome)
    },
  }
}

export type FailureLog = ReturnType<typeof createFailureLog>
