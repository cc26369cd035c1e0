import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { createEndpoints, DISABLE_AFTER_MS } from '@carillon/core/delivery/endpoints'
import { createCopies } from '@carillon/core/delivery/mail-copies'
import type { Providers, Tools } from '@carillon/core/delivery/provider'
import { createReachability } from '@carillon/core/delivery/reachability'
import type { Http } from '@carillon/core/http/port'
import type { Limits } from '@carillon/core/limits/port'
import type { Live } from '@carillon/core/live/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import { queuesOf } from '@carillon/core/stream/queues'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import { CHANNELS, type Channel } from '@carillon/schemas'
import { createConsumer } from '../consumer/consumer.ts'
import { createOutages } from '../consumer/outages.ts'
import { workHandle } from '../consumer/work-kind.ts'
import { createJoin } from '../digests/join.ts'
import { createMembers, createReadWindow } from '../digests/members.ts'
import { createRejoin } from '../digests/rejoin.ts'
import type { Reports } from '../reports/reports.ts'
import { createAccounts } from './accounts.ts'
import { createLoadFiles } from './attachments.ts'
import { createClaims } from './claim.ts'
import { createFailureLog } from './failure-log.ts'
import { createLinksOf } from './links.ts'
import { createPrepareMail } from './mail-extras.ts'
import { createPermits } from './permit.ts'
import { createPushExtras } from './push-extras.ts'
import { createRateLimit, type Rates } from './rate-limit.ts'
import { type RetrySettings, retryPolicy } from './retry.ts'
import { createSend } from './send.ts'
import { createSendStep } from './send-step.ts'
import { createRecordShown } from './shown-push.ts'
import { createStepKind } from './step-kind.ts'
import { createThrottle } from './throttle.ts'
import { withUpdates } from './update-kind.ts'
import { createWithdraw } from './withdraw.ts'

/** Maximum concurrent steps per queue. */
const IN_HAND = 256
/** Maximum number of steps that are looked up together. */
const BATCH = 64

export type SendingPorts = {
  stream: Stream
  store: Store
  live: Pick<Live, 'presence'>
  cache: SettingsCache
  invalidations: Invalidations
  seal: Seal
  limits: Limits
  http: Http
  providers: Providers
  reports: Pick<Reports, 'remember'>
  prepared: PreparedTypes
  log: Log
  metrics: Metrics
  /** Development only: captures messages that no account of the tenant can send. */
  capture?: Tools['capture']
}

export type SendingOptions = {
  rates?: Rates
  retries?: Partial<Record<Channel, RetrySettings>>
  publicUrl?: string
  /** The app URL of tenants that have not set their own. */
  appUrl?: string
  leaseMs?: number
}

/** Starts reading the queues of every channel. No queue waits for another. */
export const startSending = async (ports: SendingPorts, options: SendingOptions = {}) => {
  const { stream, store, live, cache, invalidations, seal, limits, http, providers, log, metrics } = ports
  const { reports, prepared, capture } = ports
  const { rates = {}, retries = {}, publicUrl, appUrl, leaseMs } = options
  const outages = createOutages({ log, metrics })
  const accounts = createAccounts({ providers, cache, http, log, publicUrl, capture })
  // Failures within the retry window must not disable the endpoint before the window ends.
  const disableAfterMs = Math.max(DISABLE_AFTER_MS, retryPolicy('webhook', retries.webhook).windowMs)
  const endpoints = createEndpoints(store.expiringKeys, { disableAfterMs, invalidations })
  const failureLog = createFailureLog({ log, metrics })
  const permits = createPermits(createRateLimit(limits), rates)
  const join = createJoin({ store, stream, metrics })
  const sendStep = createSendStep(
    {
      store,
      seal,
      prepareMail: createPrepareMail({
        findCopies: createCopies(store),
        loadFiles: createLoadFiles({ store, http }),
      }),
      reachability: createReachability({ store, accounts, endpoints }),
      permits,
      claims: createClaims(store, leaseMs),
      join,
      rejoin: createRejoin({ store, stream }),
      throttle: createThrottle({ store, join }),
      send: createSend({ endpoints, failureLog, metrics }),
      linksOf: createLinksOf({ seal }, { publicUrl }),
      pushExtras: createPushExtras(seal),
      recordShown: createRecordShown(store.shownPushes),
      metrics,
      capture,
    },
    { retries, appUrl },
  )
  const withdraw = createWithdraw({ store, stream, accounts, permits, log })
  const membersOf = createMembers(createReadWindow(store))
  const stepPorts = { membersOf, store, live, stream, cache, prepared, reports, sendStep, outages, metrics }
  const consumers = await Promise.all(
    CHANNELS.flatMap((channel) =>
      queuesOf(channel).map(async (queue) => {
        const reader = await stream.read(queue, { buffer: IN_HAND })
        const steps = createStepKind(stepPorts, channel)
        const kind = channel === 'push' ? withUpdates(steps, { withdraw, outages }) : steps
        const handle = workHandle({ [`step.${channel}`]: kind })
        return createConsumer([{ reader, handle, batch: BATCH, weight: 1 }], { outages, log, metrics })
      }),
    ),
  )
  return {
    /** Finishes the current steps, and returns the others. */
    stop: async () => {
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop()))
      outages.stop()
      await stopped
      await accounts.close()
    },
  }
}
