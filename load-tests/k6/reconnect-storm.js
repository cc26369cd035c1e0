/**
 * All apps lose their connection at the same time and reconnect at once, ROUNDS times, while notifications go on. Each fetches
 * what it missed once it is connected. Fails if a notification is lost: it must come live, or with the fetch after the next
 * reconnect. After the last round nothing is fetched.
 *
 *     HUB_URL=http://127.0.0.1:4000 API_KEY=… k6 run load-tests/k6/reconnect-storm.js
 *
 * HUB_URL, API_KEY, RATE, USERS, WARMUP, GRACE: as for publish-to-bell.js
 * ROUNDS       number of storms                                                             5
 * INTERVAL     seconds between storms                                                       10
 * RECOVERY     maximum 99th percentile from the lost connection to the fetched inbox, ms    10000
 *
 * Real apps wait a random time before they reconnect; these wait only after a refusal, so the storm is worse than real ones.
 */
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { connecting, openBell, usersOfVu } from './bells.js'
import { hub, number, prepare, request } from './hub.js'
import { publish as accepted, atRate, NOTHING_LOST, outstanding, received, STATISTICS } from './receipts.js'

const RATE = number('RATE', 100)
const USERS = number('USERS', 200)
const ROUNDS = number('ROUNDS', 5)
const INTERVAL = number('INTERVAL', 10)
const WARMUP = number('WARMUP', 15)
const GRACE = number('GRACE', 10)
const RECOVERY = number('RECOVERY', 10_000)

const TYPE = 'k6.reconnect-storm'
const PAGE = 100
/** The longest wait before another attempt, in milliseconds. */
const AGAIN = 1_000
/** From the first to the last notification, in seconds: an interval before the first storm and one after the last. */
const DURATION = (ROUNDS + 1) * INTERVAL

const recovery = new Trend('drop_to_fetched', true)
const unrecovered = new Counter('apps_not_recovered')
const fetched = new Counter('receipts_by_fetch')
const attempts = new Counter('connections_retried')
const failed = new Counter('fetches_failed')

export const options = {
  scenarios: {
    listen: connecting(USERS, 'listen', WARMUP + DURATION + 2 * GRACE),
    publish: atRate('publish', RATE, { startTime: WARMUP, duration: DURATION }),
  },
  thresholds: {
    ...NOTHING_LOST,
    fetches_failed: ['count==0'],
    apps_not_recovered: ['count==0'],
    drop_to_fetched: [`p(99)<${RECOVERY}`],
  },
  summaryTrendStats: STATISTICS,
}

export const setup = () => {
  const prefix = prepare(TYPE)
  return { prefix, begin: Date.now() + WARMUP * 1000 }
}

/** Fetches the pages of an inbox, newest first, up to an item that an earlier fetch returned. */
const fetchMissed = async (url, token, isKnown, onItem) => {
  let before = ''
  for (;;) {
    const {
      method,
      url: page,
      body,
      params,
    } = request('GET', `${url}/v1/inbox?flat=true&limit=${PAGE}${before}`, undefined, {
      token,
      name: 'inbox',
    })
    const answer = await http.asyncRequest(method, page, body, params)
    if (answer.status !== 200) {
      failed.add(1)
      return console.error(`no inbox: ${answer.status} ${answer.body}`)
    }
    const { items, next } = answer.json()
    const isEnd = items.some(isKnown)
    for (const item of items) onItem(item)
    if (isEnd || next === null) return
    before = `&before=${encodeURIComponent(next)}`
  }
}

/** An app of a user, which keeps what it has received across connections. */
const openApp = (n, token) => {
  const known = {}
  const inEarlierFetch = {}
  let connection = 0
  let bell
  let droppedAt
  let retry

  const receive = (item) => {
    if (item.type !== TYPE || known[item.id]) return false
    known[item.id] = true
    received.add(1)
    outstanding.add(-1)
    return true
  }
  const refresh = async () => {
    const since = droppedAt
    droppedAt = undefined
    if (since === undefined) return
    const items = []
    await fetchMissed(
      hub(n),
      token,
      ({ id }) => inEarlierFetch[id],
      (item) => items.push(item),
    )
    for (const item of items) {
      inEarlierFetch[item.id] = true
      if (receive(item)) fetched.add(1)
    }
    recovery.add(Date.now() - since)
  }
  const connect = () => {
    connection += 1
    bell = openBell(hub(n + connection), token, {
      onReady: refresh,
      onItem: receive,
      onEnd: () => {
        attempts.add(1)
        droppedAt ??= Date.now()
        retry = setTimeout(connect, AGAIN * (0.5 + Math.random() / 2))
      },
    })
  }
  const disconnect = () => {
    clearTimeout(retry)
    bell.close()
  }
  connect()
  return {
    /** A storm during another recovery prolongs it. */
    drop: () => {
      disconnect()
      droppedAt ??= Date.now()
      connect()
    },
    close: () => {
      disconnect()
      if (droppedAt !== undefined) unrecovered.add(1)
    },
  }
}

/** Connects the users of this VU, and lets all of them reconnect at the time of each storm. */
export const listen = ({ prefix, begin }) => {
  const apps = usersOfVu(prefix, USERS).map(({ n, token }) => openApp(n, token))
  for (let round = 1; round <= ROUNDS; round += 1)
    setTimeout(
      () => {
        for (const app of apps) app.drop()
      },
      begin + round * INTERVAL * 1000 - Date.now(),
    )
  setTimeout(
    () => {
      for (const app of apps) app.close()
    },
    begin + (DURATION + GRACE) * 1000 - Date.now(),
  )
}

/** Publishes a notification for the next user. */
export const publish = ({ prefix }) => {
  const n = exec.scenario.iterationInTest
  const notification = { to: `${prefix}-${n % USERS}`, type: TYPE, title: `Notification ${n}` }
  accepted(n, '/v1/notifications', notification, 1)
}
