/**
 * Measures publish → bell under load: USERS users with CONNECTIONS sockets each, and notifications for one user after
 * another, published over HTTP at a fixed rate. Fails if a notification is lost, duplicated or late.
 *
 *     npm run rig -- install k6
 *     HUB_URL=http://127.0.0.1:4000 API_KEY=… k6 run load-tests/k6/publish-to-bell.js
 *
 * or, on a cluster started for it (the rig sets HUB_URL):
 *
 *     npm run rig -- run --hubs 2 --dispatchers 2 -- sh -c 'npm run -s carillon -- tenant --add k6 &&
 *       API_KEY=$(npm run -s carillon -- token --tenant k6 --sender k6) k6 run load-tests/k6/publish-to-bell.js'
 *
 * HUB_URL      one or several hubs, comma-separated; the load is spread over them           http://127.0.0.1:4000
 * API_KEY      from `carillon token --tenant … --sender k6`, or printed by `carillon dev`   required
 * RATE         notifications per second                                                     100
 * DURATION     seconds of publishing                                                        60
 * USERS        number of users                                                              200
 * CONNECTIONS  sockets per user                                                             1
 * WARMUP       seconds for everyone to connect before the first notification                15
 * P99          maximum 99th percentile of the latency, in milliseconds                      1000
 *
 * The load model is open: each notification contains its scheduled time (`data.sentAt`), and latency is measured from
 * there, so a stalled hub cannot hide its latency. k6 and the hubs need the same clock.
 */
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { WebSocket } from 'k6/websockets'

const number = (name, preset) => {
  const value = Number(__ENV[name] || preset)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a positive number`)
  return value
}

const HUBS = (__ENV.HUB_URL || 'http://127.0.0.1:4000').split(',')
const RATE = number('RATE', 100)
const DURATION = number('DURATION', 60)
const USERS = number('USERS', 200)
const CONNECTIONS = number('CONNECTIONS', 1)
const WARMUP = number('WARMUP', 15)
const P99 = number('P99', 1000)

/** Time after the last publish for pending notifications. */
const GRACE = 10
const USERS_PER_VU = 50
const LISTENERS = Math.ceil(USERS / USERS_PER_VU)
const TYPE = 'k6.publish-to-bell'

const latency = new Trend('publish_to_bell', true)
const received = new Counter('receipts')
/** Expected receipts minus actual receipts; must end at 0. */
const outstanding = new Counter('receipts_outstanding')
const doubled = new Counter('receipts_doubled')
const refused = new Counter('publish_refused')
const faults = new Counter('connection_faults')

export const options = {
  scenarios: {
    listen: {
      executor: 'per-vu-iterations',
      exec: 'listen',
      vus: LISTENERS,
      maxDuration: `${WARMUP + DURATION + 2 * GRACE}s`,
    },
    publish: {
      executor: 'constant-arrival-rate',
      exec: 'publish',
      startTime: `${WARMUP}s`,
      duration: `${DURATION}s`,
      rate: RATE,
      preAllocatedVUs: Math.max(10, Math.ceil(RATE / 10)),
      maxVUs: Math.max(20, RATE),
    },
  },
  thresholds: {
    receipts_outstanding: ['count==0'],
    receipts_doubled: ['count==0'],
    receipts: ['count>0'],
    publish_refused: ['count==0'],
    connection_faults: ['count==0'],
    dropped_iterations: ['count==0'],
    publish_to_bell: [`p(99)<${P99}`],
  },
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max', 'count'],
  discardResponseBodies: false,
}

const headers = { authorization: `Bearer ${__ENV.API_KEY}`, 'content-type': 'application/json' }
const hub = (n) => HUBS[n % HUBS.length]

/** Creates the type and new users. */
export const setup = () => {
  if (!__ENV.API_KEY) exec.test.abort('API_KEY is missing')
  const answer = http.put(`${hub(0)}/v1/types/${TYPE}`, '{}', { headers })
  if (answer.status !== 200)
    exec.test.abort(`the hub does not take the type: ${answer.status} ${answer.body}`)
  const begun = Date.now()
  return { prefix: `k6-${begun.toString(36)}`, end: begun + (WARMUP + DURATION + GRACE) * 1000 }
}

const tokenRequest = (prefix, user) => ({
  method: 'POST',
  url: `${hub(user)}/v1/users/${prefix}-${user}/token`,
  body: null,
  params: { headers: { authorization: headers.authorization } },
})

/** Opens a socket with Engine.IO 4 and Socket.IO 5 in text frames until `end`. */
const bell = (url, token, end) => {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`)
  const seen = {}
  const unacknowledged = []
  let closing = false

  const onAdded = ({ item }) => {
    if (item.type !== TYPE) return
    if (seen[item.id]) return doubled.add(1)
    seen[item.id] = true
    latency.add(Date.now() - item.data.sentAt)
    received.add(1)
    outstanding.add(-1)
    unacknowledged.push(item.id)
  }
  const acknowledge = () => {
    const ids = unacknowledged.splice(0, 100)
    if (ids.length > 0) socket.send(`42["inbox.received",${JSON.stringify({ ids })}]`)
  }

  socket.onmessage = ({ data }) => {
    if (data === '2') return socket.send('3')
    if (data.startsWith('0')) return socket.send(`40${JSON.stringify({ token })}`)
    if (data.startsWith('44') || data.startsWith('41')) {
      console.error(`the hub refused or ended a connection: ${data}`)
      return socket.close()
    }
    if (!data.startsWith('42')) return
    const [name, message] = JSON.parse(data.slice(2))
    if (name === 'inbox.added') onAdded(message)
  }
  socket.onerror = ({ error }) => console.error(`socket: ${error}`)
  const acknowledging = setInterval(acknowledge, 1000)
  const closer = setTimeout(() => {
    closing = true
    socket.close()
  }, end - Date.now())
  socket.onclose = () => {
    clearInterval(acknowledging)
    clearTimeout(closer)
    if (!closing) faults.add(1)
  }
}

/** Connects the users of this VU and listens until all notifications must have been received. */
export const listen = ({ prefix, end }) => {
  const first = (exec.scenario.iterationInTest % LISTENERS) * USERS_PER_VU
  const users = []
  for (let user = first; user < Math.min(USERS, first + USERS_PER_VU); user += 1) users.push(user)
  const answers = http.batch(users.map((user) => tokenRequest(prefix, user)))
  for (const [index, user] of users.entries()) {
    const { status, body } = answers[index]
    if (status === 200) {
      const { token } = JSON.parse(body)
      for (let n = 0; n < CONNECTIONS; n += 1) bell(hub(user + n), token, end)
    } else {
      faults.add(1)
      console.error(`no token for a user: ${status} ${body}`)
    }
  }
}

/** Publishes a notification for the next user. */
export const publish = ({ prefix }) => {
  const turn = exec.scenario.iterationInTest
  const sentAt = exec.scenario.startTime + (turn * 1000) / RATE
  const notification = {
    to: `${prefix}-${turn % USERS}`,
    type: TYPE,
    title: `Notification ${turn}`,
    data: { sentAt },
  }
  const answer = http.post(`${hub(turn)}/v1/notifications`, JSON.stringify(notification), { headers })
  if (answer.status === 202) outstanding.add(CONNECTIONS)
  else {
    refused.add(1)
    console.error(`refused: ${answer.status} ${answer.body}`)
  }
}
