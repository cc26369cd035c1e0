import { concurrently } from './baselines/concurrently.ts'
import { notice, serve } from './child.ts'
import { newHistogram, recordMs } from './histogram.ts'
import { clock } from './machine.ts'
import { eachMark } from './marks.ts'
import type { Mark } from './payload.ts'
import { openSubscription, type Subscription } from './subscription.ts'
import { openWire } from './wire.ts'

const CONNECT_CONCURRENCY = 64
const EXAMPLES = 10

/** A run: its number, and whether a notification goes to every connection or to one in turn. */
export type Run = { run: number; connections: number; toAll: boolean }

/** The receipts of `sent` notifications. Times are ms; `lastAt` is on `clock()`. */
export type Report = {
  received: number
  lost: number
  duplicates: number
  misdelivered: number
  examples: string[]
  lastAt: number
  latency: { p50: number; p99: number; p999: number; max: number }
}

let current: Run = { run: 0, connections: 1, toAll: false }
let times = new Uint8Array(1 << 20)
let histogram = newHistogram()
let received = 0
let misdelivered = 0
let lastAt = 0
let told = false
const wires: { close(): void }[] = []

const tell = () => {
  told = false
  notice({ run: current.run, received })
}

const place = (n: number, connection: number) => (current.toAll ? n * current.connections + connection : n)

const receive = (connection: number, { run, n, at }: Mark) => {
  if (run !== current.run) return
  if (!current.toAll && n % current.connections !== connection) misdelivered++
  const index = place(n, connection)
  if (index >= times.length) {
    const larger = new Uint8Array(Math.max(times.length * 2, index + 1))
    larger.set(times)
    times = larger
  }
  const seen = times[index] ?? 0
  times[index] = Math.min(255, seen + 1)
  if (seen > 0) return
  received++
  lastAt = clock()
  recordMs(histogram, lastAt - at)
  if (told) return
  told = true
  setTimeout(tell, 1)
}

const onData = (connection: number) => {
  const each = (mark: Mark) => receive(connection, mark)
  return (data: Buffer, start: number, end: number) => eachMark(data, start, end, each)
}

const onEnd = (connection: number, url: string) => (why: string) =>
  notice({ ended: `connection ${connection} to ${url}: ${why}` })

const openAll = async (count: number, open: (index: number) => Promise<{ close(): void }>) => {
  await concurrently(count, CONNECT_CONCURRENCY, async (index) => wires.push(await open(index)))
}

const connect = ({ url, auths, first }: { url: string; auths: object[]; first: number }) =>
  openAll(auths.length, (index) => {
    const user = first + index
    return openWire({ url, auth: auths[index] ?? {}, onEvent: onData(user), onEnd: onEnd(user, url) })
  })

const subscribe = (subscriptions: Subscription[]) =>
  openAll(subscriptions.length, (index) => {
    const subscription = subscriptions[index] as Subscription
    return openSubscription(subscription, onData(index), onEnd(index, subscription.url))
  })

const begin = (run: Run) => {
  current = run
  times.fill(0)
  histogram = newHistogram()
  received = misdelivered = lastAt = 0
}

const report = (sent: number): Report => {
  const expected = current.toAll ? sent * current.connections : sent
  const examples: string[] = []
  let lost = 0
  let duplicates = 0
  for (let index = 0; index < expected; index++) {
    const seen = times[index] ?? 0
    if (seen === 1) continue
    if (seen === 0) lost++
    else duplicates += seen - 1
    if (examples.length < EXAMPLES) examples.push(`notification ${index} came ${seen} times`)
  }
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000
  const latency = { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1_000 }
  return { received, lost, duplicates, misdelivered, examples, lastAt, latency }
}

const calls = { connect, subscribe, begin, report }
export type ReceiversApi = typeof calls
serve(calls)
