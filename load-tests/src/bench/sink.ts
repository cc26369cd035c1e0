import { startChild } from './child.ts'
import { LossError } from './measure.ts'
import { createReceipts } from './receipts.ts'
import type { SinkApi, SinkKind, SinkPlace, SinkReport } from './sink-child.ts'

/** Without receipts for this long, the rest is considered lost. */
const STALL_MS = 20_000

/** A provider in its own process that accepts and counts all messages. */
export type Sink = SinkPlace & {
  readonly pid: number
  /** Resets the counts. */
  begin(): Promise<void>
  /** Resolves when `count` distinct messages were received. Rejects with `LossError` if they stop coming. */
  until(count: number): Promise<void>
  /** Rejects with `LossError` unless exactly `count` messages were received, each once. */
  report(count: number): Promise<SinkReport>
  /** Returns when messages with this key prefix were received, on `clock()`. */
  timesOf(prefix: string): Promise<Map<string, number>>
  stop(): Promise<void>
}

export const startSink = async (kind: SinkKind): Promise<Sink> => {
  const child = await startChild<SinkApi>(new URL('./sink-child.ts', import.meta.url))
  const place = await child.call('listen', kind)
  const receipts = createReceipts(STALL_MS)
  child.onNotice((value) => receipts.set((value as { received: number }).received))

  return {
    ...place,
    pid: child.pid,
    begin: async () => {
      await child.call('begin', undefined)
      receipts.set(0)
    },
    until: receipts.until,
    report: async (count) => {
      const report = await child.call('report', undefined)
      const { received, distinct, examples } = report
      if (received !== count || distinct !== count)
        throw new LossError(
          [`${received} received, ${distinct} distinct, of ${count} sent`, ...examples].join('\n'),
        )
      return report
    },
    timesOf: async (prefix) => new Map(await child.call('timesOf', prefix)),
    stop: () => child.stop(),
  }
}
