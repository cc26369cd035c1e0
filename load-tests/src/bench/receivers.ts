import { startChild } from './child.ts'
import { LossError } from './measure.ts'
import { createReceipts } from './receipts.ts'
import type { ReceiversApi, Report } from './receivers-child.ts'
import type { Subscription } from './subscription.ts'

/** Without receipts for this long, the rest is considered lost. */
const STALL_MS = 15_000

type Notice = { run: number; received: number } | { ended: string }

/** Clients in their own process, which counts notifications by number. */
export type Receivers = {
  readonly pid: number
  /** Opens one connection for each `auth`, the nth for the nth user from `first` on. */
  connect(url: string, auths: readonly object[], first?: number): Promise<void>
  /** Opens one connection for each subscription, the nth for the nth user. */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>
  /** Starts a new run. Returns the run number that its notifications must contain. */
  begin(options: { connections: number; toAll?: boolean }): Promise<number>
  /** Resolves when `count` notifications were received. Rejects with `LossError` if they stop coming. */
  until(count: number): Promise<void>
  /** Reports the receipt of `sent` notifications. Rejects with `LossError` unless every recipient received each. */
  report(sent: number): Promise<Report>
  stop(): Promise<void>
}

/** Starts the process. Its runs are numbered from the one after `lastRun`. */
export const startReceivers = async (
  nodeOptions: readonly string[] = [],
  lastRun = 0,
): Promise<Receivers> => {
  const child = await startChild<ReceiversApi>(new URL('./receivers-child.ts', import.meta.url), nodeOptions)
  const receipts = createReceipts(STALL_MS)
  let run = lastRun
  child.onNotice((value) => {
    const notice = value as Notice
    if ('ended' in notice) receipts.fail(notice.ended)
    else if (notice.run === run) receipts.set(notice.received)
  })

  return {
    pid: child.pid,
    connect: async (url, auths, first = 0) => {
      await child.call('connect', { url, auths: [...auths], first })
    },
    subscribe: async (subscriptions) => {
      await child.call('subscribe', [...subscriptions])
    },
    begin: async ({ connections, toAll = false }) => {
      receipts.set(0)
      await child.call('begin', { run: ++run, connections, toAll })
      return run
    },
    until: receipts.until,
    report: async (sent) => {
      const report = await child.call('report', sent)
      if (report.lost > 0 || report.misdelivered > 0)
        throw new LossError(
          [`${report.lost} lost, ${report.misdelivered} misdelivered of ${sent}`, ...report.examples].join(
            '\n',
          ),
        )
      return report
    },
    stop: () => child.stop(),
  }
}
