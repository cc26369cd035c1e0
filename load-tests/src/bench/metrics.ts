import { setTimeout as sleep } from 'node:timers/promises'
import { LossError } from './measure.ts'

const POLL_MS = 50
/** Without a change for this long, the rest is considered lost. */
const STALL_MS = 60_000
const RESPONSE_MS = 30_000

/** Returns a metric of a process, such as `carillon_queue_backlog{queue="notify-normal"}`; undefined if it has none. */
export const metricOf = async (url: string, name: string): Promise<number | undefined> => {
  const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(RESPONSE_MS) })).text()
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

/** Waits until a metric of a process is as wanted. Rejects with `LossError` if it stops changing before. */
export const untilMetric = async (
  url: string,
  name: string,
  isReached: (value: number | undefined) => boolean,
): Promise<void> => {
  let last: number | undefined
  let changedAt = Date.now()
  for (;;) {
    const value = await metricOf(url, name)
    if (isReached(value)) return
    if (value !== last) changedAt = Date.now()
    if (Date.now() - changedAt > STALL_MS) throw new LossError(`${name} stays at ${value}`)
    last = value
    await sleep(POLL_MS)
  }
}
