/**
 * Announcements to a large topic, and one-time passwords behind them: as messages in the inbox with priority `critical`, and, on
 * `carillon dev`, as codes by e-mail, which are verified. Fails if one is lost or late, or if an announcement does not reach
 * everybody.
 *
 *     HUB_URL=http://127.0.0.1:4000 API_KEY=… k6 run load-tests/k6/blast-with-otp.js
 *
 * HUB_URL, API_KEY, WARMUP: as for publish-to-bell.js
 * MEMBERS      members of the topic                                                         20000
 * BLASTS       announcements, one a second                                                  5
 * USERS        members that are connected                                                   100
 * OTPS         one-time passwords of each kind per second, from the first announcement      5
 * DURATION     seconds of one-time passwords                                                30
 * LIMIT        maximum latency of a one-time password, in milliseconds                      2000
 * GRACE        seconds after that for the rest of the announcements                         60
 *
 * `carillon dev` lists the e-mails at /demo/captured.json instead of sending them. `npm run bench -- --only otp` has providers.
 */
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { connecting, listenUntil } from './bells.js'
import { call, hub, number, prepare, required } from './hub.js'
import { atRate, NOTHING_LOST, publish, receive, refused, STATISTICS } from './receipts.js'

const MEMBERS = number('MEMBERS', 20_000)
const BLASTS = number('BLASTS', 5)
const USERS = number('USERS', 100)
const OTPS = number('OTPS', 5)
const WARMUP = number('WARMUP', 15)
const DURATION = number('DURATION', 30)
const LIMIT = number('LIMIT', 2_000)
const GRACE = number('GRACE', 60)

const ANNOUNCEMENT = 'k6.announcement'
const OTP = 'k6.otp'
/** Members per request. */
const CHUNK = 1_000
/** How often the captured e-mails are read, in milliseconds. */
const POLL = 100

const bell = new Trend('otp_to_bell', true)
const mail = new Trend('otp_to_mail', true)
const codes = new Counter('codes_verified')
const invalid = new Counter('codes_invalid')
const incomplete = new Counter('announcements_incomplete')
/** Codes that were asked for minus codes that were captured; must end at 0. */
const missing = new Counter('codes_outstanding')

const times = { startTime: WARMUP, duration: DURATION }

export const options = {
  scenarios: {
    listen: connecting(USERS, 'listen', WARMUP + DURATION + 2 * GRACE),
    blast: atRate('blast', 1, { startTime: WARMUP, duration: BLASTS }),
    otp: atRate('otp', OTPS, times),
    code: atRate('code', OTPS, times),
    mailbox: {
      executor: 'per-vu-iterations',
      exec: 'mailbox',
      maxDuration: `${WARMUP + DURATION + 2 * GRACE}s`,
    },
  },
  thresholds: {
    ...NOTHING_LOST,
    otp_to_bell: [`max<${LIMIT}`],
    otp_to_mail: [`max<${LIMIT}`],
    codes_outstanding: ['count==0'],
    codes_invalid: ['count==0'],
    announcements_incomplete: ['count==0'],
  },
  summaryTrendStats: STATISTICS,
  setupTimeout: '300s',
  teardownTimeout: '300s',
}

/** Creates the types and the topic. Only `carillon dev` has captured e-mails. */
export const setup = () => {
  const prefix = prepare(ANNOUNCEMENT)
  required(call('PUT', `${hub(0)}/v1/types/${OTP}`, { priority: 'critical' }), 200)
  for (let from = 0; from < MEMBERS; from += CHUNK) {
    const users = []
    for (let n = from; n < Math.min(MEMBERS, from + CHUNK); n += 1) users.push(`${prefix}-${n}`)
    required(call('POST', `${hub(0)}/v1/topics/${prefix}/members`, { users }), 204)
  }
  const captures = http.get(`${hub(0)}/demo/captured.json`).status === 200
  return { prefix, captures, end: Date.now() + (WARMUP + DURATION + GRACE) * 1000 }
}

/** Connects the users of this VU and listens until all messages must have been received. */
export const listen = ({ prefix, end }) =>
  listenUntil(
    end,
    (item) => {
      receive(ANNOUNCEMENT, item)
      if (receive(OTP, item)) bell.add(Date.now() - item.data.sentAt)
    },
    { prefix, users: USERS },
  )

const idOf = (prefix, blast) => `${prefix}-blast-${blast}`

/** Publishes an announcement. */
export const blast = ({ prefix }) => {
  const n = exec.scenario.iterationInTest
  // The last iteration may start just within the duration.
  if (n >= BLASTS) return
  const sentAt = exec.scenario.startTime + n * 1000
  const content = { to: { topic: prefix }, type: ANNOUNCEMENT, title: `Announcement ${n}`, data: { sentAt } }
  publish(n, '/v1/notifications', { id: idOf(prefix, n), ...content }, Math.min(USERS, MEMBERS))
}

/** Publishes a one-time password for the next connected user. */
export const otp = ({ prefix }) => {
  const n = exec.scenario.iterationInTest
  const sentAt = exec.scenario.startTime + (n * 1000) / OTPS
  const content = { to: `${prefix}-${n % USERS}`, type: OTP, title: `Your code ${n}`, data: { sentAt } }
  publish(n, '/v1/notifications', content, 1)
}

const mailUser = (prefix, n, askedAt) => `${prefix}-mail-${n}-${askedAt}`

/** Asks for a code by e-mail, each for another user, whose name says when. */
export const code = ({ prefix, captures }) => {
  if (!captures) return
  const n = exec.scenario.iterationInTest
  const user = mailUser(prefix, n, Math.round(exec.scenario.startTime + (n * 1000) / OTPS))
  const to = { user, email: `${user}@people.example` }
  const answer = call('POST', `${hub(n)}/v1/otp`, { to, channel: 'email' }, { name: 'otp' })
  if (answer.status === 202) return missing.add(1)
  refused.add(1)
  console.error(`refused: ${answer.status} ${answer.body}`)
}

/** Reads the captured e-mails and verifies their codes, until all messages must have been received. */
export const mailbox = ({ prefix, captures, end }) => {
  if (!captures) return
  const seen = {}
  const read = ({ user, at, notification, text }) => {
    if (!user.startsWith(`${prefix}-mail-`) || seen[user]) return
    seen[user] = true
    missing.add(-1)
    mail.add(Date.parse(at) - Number(user.split('-').pop()))
    const [found = ''] = /\b\d{6}\b/.exec(text) || []
    const answer = call('POST', `${hub(0)}/v1/otp/verify`, { id: notification, code: found })
    if (answer.status === 200 && answer.json('valid')) return codes.add(1)
    invalid.add(1)
    console.error(`not valid: ${answer.status} ${answer.body}`)
  }
  const timer = setInterval(() => {
    const { captured } = http.get(`${hub(0)}/demo/captured.json`, { name: 'captured' }).json()
    for (const message of captured) read(message)
    if (Date.now() > end) clearInterval(timer)
  }, POLL)
}

/** Checks that every announcement has reached all members. */
export const teardown = ({ prefix }) => {
  for (let n = 0; n < BLASTS; n += 1) {
    const answer = call('GET', `${hub(n)}/v1/notifications/${idOf(prefix, n)}`)
    const { state, recipients } = answer.json()
    if (state === 'delivered' && recipients === MEMBERS) continue
    incomplete.add(1)
    console.error(`announcement ${n}: ${answer.status} ${answer.body}`)
  }
}
