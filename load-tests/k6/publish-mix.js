/**
 * Publishes as backends do, at the same time: single notifications and batches over HTTP, and messages over NATS. A tenth is
 * published twice under the same id, as after a lost response: the inbox has it once, and apps drop a second live message. Fails
 * if a notification is lost, duplicated, refused or late.
 *
 *     npm run rig -- run --hubs 2 --dispatchers 2 -- sh -c 'npm run -s carillon -- tenant --add k6 &&
 *       TENANT=k6 API_KEY=$(npm run -s carillon -- token --tenant k6 --sender k6) k6 run load-tests/k6/publish-mix.js'
 *
 * HUB_URL, API_KEY, USERS, WARMUP, DURATION, GRACE, P99: as for publish-to-bell.js
 * SINGLES      single notifications per second                                              50
 * BATCHES      batches per second                                                           2
 * BATCH        notifications per batch                                                      50
 * MESSAGES     messages per second over NATS                                                50
 * NATS_WS_URL  the `websocket` listener of a NATS server, as the rig sets it                without it, nothing over NATS
 * NATS_USER, NATS_PASSWORD                                                                  anonymous
 * TENANT       the tenant in the subjects of the messages                                   demo
 *
 * k6 has no TCP, so it reaches NATS by WebSocket: add `websocket { port: …, no_tls: true }` to the configuration of the server.
 */
import exec from 'k6/execution'
import { connecting, listenUntil } from './bells.js'
import { number, prepare } from './hub.js'
import { openNats } from './nats.js'
import {
  atRate,
  faults,
  NOTHING_LOST,
  outstanding,
  publish,
  receive,
  refused,
  STATISTICS,
} from './receipts.js'

const { NATS_WS_URL, NATS_USER, NATS_PASSWORD, TENANT = 'demo' } = __ENV
const SINGLES = number('SINGLES', 50)
const BATCHES = number('BATCHES', 2)
const BATCH = number('BATCH', 50)
const MESSAGES = number('MESSAGES', 50)
const USERS = number('USERS', 200)
const WARMUP = number('WARMUP', 15)
const DURATION = number('DURATION', 60)
const GRACE = number('GRACE', 10)
const P99 = number('P99', 1000)

const TYPE = 'k6.publish-mix'
/** Every so many are published twice. */
const TWICE = 10
const isTwice = (n) => n % TWICE === 0
/** How often the due messages are published over NATS, in milliseconds. */
const TICK = 10

const times = { startTime: WARMUP, duration: DURATION }

export const options = {
  scenarios: {
    listen: connecting(USERS, 'listen', WARMUP + DURATION + 2 * GRACE),
    single: atRate('single', SINGLES, times),
    batch: atRate('batch', BATCHES, times),
    ...(NATS_WS_URL && {
      messages: {
        executor: 'per-vu-iterations',
        exec: 'messages',
        startTime: `${WARMUP}s`,
        maxDuration: `${DURATION + 2 * GRACE}s`,
      },
    }),
  },
  thresholds: { ...NOTHING_LOST, publish_to_bell: [`p(99)<${P99}`] },
  summaryTrendStats: STATISTICS,
}

export const setup = () => {
  const prefix = prepare(TYPE)
  return { prefix, end: Date.now() + (WARMUP + DURATION + GRACE) * 1000 }
}

export const listen = ({ prefix, end }) =>
  listenUntil(end, (item) => receive(TYPE, item), { prefix, users: USERS })

const contentOf = (prefix, n, data) => ({
  to: `${prefix}-${n % USERS}`,
  title: `Notification ${n}`,
  data,
})

/** Publishes a notification for the next user. */
export const single = ({ prefix }) => {
  const n = exec.scenario.iterationInTest
  const sentAt = exec.scenario.startTime + (n * 1000) / SINGLES
  const notification = {
    ...contentOf(prefix, n, { sentAt, twice: isTwice(n) }),
    id: `${prefix}-single-${n}`,
    type: TYPE,
  }
  publish(n, '/v1/notifications', notification, 1)
  if (isTwice(n)) publish(n + 1, '/v1/notifications', notification, 0)
}

/** Publishes a batch for the next users. */
export const batch = ({ prefix }) => {
  const turn = exec.scenario.iterationInTest
  const data = { sentAt: exec.scenario.startTime + (turn * 1000) / BATCHES, twice: isTwice(turn) }
  const notifications = Array.from({ length: BATCH }, (_, entry) => {
    const n = turn * BATCH + entry
    return { ...contentOf(prefix, n, data), id: `${prefix}-batch-${n}`, type: TYPE }
  })
  publish(turn, '/v1/notifications/batch', { notifications }, BATCH)
  if (isTwice(turn)) publish(turn + 1, '/v1/notifications/batch', { notifications }, 0)
}

/** Publishes messages at a fixed rate over one connection. */
export const messages = ({ prefix, end }) => {
  const total = MESSAGES * DURATION
  let n = 0
  let unanswered = 0
  let timer
  const send = (sentAt, receipts) => {
    const body = JSON.stringify(contentOf(prefix, n, { sentAt, twice: isTwice(n) }))
    unanswered += 1
    nats.publish(`notify.${TENANT}.normal.${TYPE}`, `${prefix}-nats-${n}`, body, (problem) => {
      unanswered -= 1
      if (problem === undefined) return outstanding.add(receipts)
      refused.add(1)
      console.error(`refused over NATS: ${problem}`)
    })
  }
  const stop = () => {
    clearInterval(timer)
    clearTimeout(deadline)
    nats.close()
  }
  const begin = () => {
    const start = Date.now()
    timer = setInterval(() => {
      for (; n < total && start + (n * 1000) / MESSAGES <= Date.now(); n += 1) {
        const sentAt = start + (n * 1000) / MESSAGES
        send(sentAt, 1)
        if (isTwice(n)) send(sentAt, 0)
      }
      if (n === total && unanswered === 0) stop()
    }, TICK)
  }
  const login = { user: NATS_USER, pass: NATS_PASSWORD }
  const nats = openNats(NATS_WS_URL, login, { onReady: begin, onEnd: () => faults.add(1) })
  const deadline = setTimeout(() => {
    refused.add(total - n + unanswered)
    stop()
  }, end - Date.now())
}
