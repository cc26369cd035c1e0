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
 * GRACE        seconds after the last notification for pending ones                         10
 * P99          maximum 99th percentile of the latency, in milliseconds                      1000
 *
 * The load model is open: each notification contains its scheduled time (`data.sentAt`), and latency is measured from
 * there, so a stalled hub cannot hide its latency. k6 and the hubs need the same clock.
 */
import exec from 'k6/execution'
import { connecting, listenUntil } from './bells.js'
import { number, prepare } from './hub.js'
import { publish as accepted, atRate, NOTHING_LOST, receive, STATISTICS } from './receipts.js'

const RATE = number('RATE', 100)
const DURATION = number('DURATION', 60)
const USERS = number('USERS', 200)
const CONNECTIONS = number('CONNECTIONS', 1)
const WARMUP = number('WARMUP', 15)
const GRACE = number('GRACE', 10)
const P99 = number('P99', 1000)

const TYPE = 'k6.publish-to-bell'

export const options = {
  scenarios: {
    listen: connecting(USERS, 'listen', WARMUP + DURATION + 2 * GRACE),
    publish: atRate('publish', RATE, { startTime: WARMUP, duration: DURATION }),
  },
  thresholds: { ...NOTHING_LOST, publish_to_bell: [`p(99)<${P99}`] },
  summaryTrendStats: STATISTICS,
}

/** Creates the type and new users. */
export const setup = () => {
  const prefix = prepare(TYPE)
  return { prefix, end: Date.now() + (WARMUP + DURATION + GRACE) * 1000 }
}

/** Connects the users of this VU and listens until all notifications must have been received. */
export const listen = ({ prefix, end }) =>
  listenUntil(end, (item) => receive(TYPE, item), { prefix, users: USERS, connections: CONNECTIONS })

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
  accepted(turn, '/v1/notifications', notification, CONNECTIONS)
}
