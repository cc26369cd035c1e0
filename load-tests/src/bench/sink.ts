import { startChild } from './child.ts'
import { LossError } from './measure.ts'
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
  let received = 0
  let wake = () => {}
  child.onNotice((value) => {
    ;({ received } = value as { received: number })
    wake()
  })
  const more = () =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), STALL_MS)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })

  return {
    ...place,
    pid: child.pid,
    begin: async () => {
      await child.call('begin', undefined)
      received = 0
    },
    until: async (count) => {
      while (received < count)
        if (!(await more()))
          throw new LossError(`nothing was received for ${STALL_MS / 1_000} s, after ${received} of ${count}`)
    },
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
