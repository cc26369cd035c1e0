/** Counts what was accepted against what was received. */
import { Counter, Trend } from 'k6/metrics'
import { call, hub } from './hub.js'

export const latency = new Trend('publish_to_bell', true)
export const received = new Counter('receipts')
/** Expected receipts minus actual receipts; must end at 0. */
export const outstanding = new Counter('receipts_outstanding')
export const doubled = new Counter('receipts_doubled')
/** Second live messages about items that were published twice. The inbox has the item once, and apps drop them. */
export const repeated = new Counter('receipts_repeated')
export const refused = new Counter('publish_refused')
export const faults = new Counter('connection_faults')

/** Thresholds under which a test fails if anything was lost, doubled or refused. */
export const NOTHING_LOST = {
  receipts_outstanding: ['count==0'],
  receipts_doubled: ['count==0'],
  receipts: ['count>0'],
  publish_refused: ['count==0'],
  connection_faults: ['count==0'],
  dropped_iterations: ['count==0'],
}

export const STATISTICS = ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max', 'count']

/** Returns a scenario that calls a function at a fixed rate, even while responses are late. */
export const atRate = (exec, rate, { startTime, duration }) => ({
  executor: 'constant-arrival-rate',
  exec,
  rate,
  startTime: `${startTime}s`,
  duration: `${duration}s`,
  preAllocatedVUs: Math.max(100, Math.ceil(rate / 2)),
  maxVUs: Math.max(200, 2 * rate),
})

/** Counts a new item of `type`. Returns whether it is one. */
export const receive = (type, item) => {
  if (item.type !== type) return false
  latency.add(Date.now() - item.data.sentAt)
  received.add(1)
  outstanding.add(-1)
  return true
}

/** Sends a request that is answered with 202, and expects `receipts` of it. Returns the response if it was accepted. */
export const publish = (n, path, body, receipts) => {
  const answer = call('POST', `${hub(n)}${path}`, body, { name: path })
  if (answer.status === 202) {
    outstanding.add(receipts)
    return answer
  }
  refused.add(1)
  console.error(`refused: ${answer.status} ${answer.body}`)
}
