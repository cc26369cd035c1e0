/**
 * What people do in their inboxes: USERS users at once page through the inbox, mark and archive items, mark everything as read,
 * and read and change their preferences, some of it at the same time. Each user is compared with a model after every change.
 * Fails on an error, on a lost or unexpected item, and on a lost update.
 *
 *     HUB_URL=http://127.0.0.1:4000 API_KEY=… k6 run load-tests/k6/reads-and-preferences.js
 *
 * HUB_URL, API_KEY: as for publish-to-bell.js
 * USERS        number of users, each of whom does one thing after another                   20
 * ITEMS        items in each inbox at the beginning                                         100
 * DURATION     seconds                                                                      60
 * P99          maximum 99th percentile of each kind of request, in milliseconds             1000
 */
import { sleep } from 'k6'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter } from 'k6/metrics'
import { call, hub, number, prepare, request, required, tokensOf } from './hub.js'
import { STATISTICS } from './receipts.js'

const USERS = number('USERS', 20)
const ITEMS = number('ITEMS', 100)
const DURATION = number('DURATION', 60)
const P99 = number('P99', 1000)

const TYPE = 'k6.reads-and-preferences'
const PAGE = 20
/** Items that are marked at the same time. */
const MARKED = 5
/** Preferences that are changed at the same time. */
const CHANGED = 4
/** How long to wait for a notification to be in the inbox, in milliseconds. */
const PATIENCE = 60_000

const errors = new Counter('errors')
const lost = new Counter('items_lost')
const lostUpdates = new Counter('updates_lost')
const rounds = new Counter('rounds')

const KINDS = ['page', 'mark', 'read-all', 'preferences', 'preferences-change']

export const options = {
  scenarios: {
    use: { executor: 'constant-vus', vus: USERS, duration: `${DURATION}s`, gracefulStop: '120s' },
  },
  thresholds: {
    errors: ['count==0'],
    items_lost: ['count==0'],
    updates_lost: ['count==0'],
    rounds: ['count>0'],
    ...Object.fromEntries(KINDS.map((name) => [`http_req_duration{name:${name}}`, [`p(99)<${P99}`]])),
  },
  summaryTrendStats: STATISTICS,
}

export const setup = () => {
  const prefix = prepare(TYPE)
  const users = Array.from({ length: USERS }, (_, n) => `${prefix}-${n}`)
  for (const to of users) {
    const notifications = Array.from({ length: ITEMS }, (_, n) => ({ to, type: TYPE, title: `Item ${n}` }))
    required(call('POST', `${hub(0)}/v1/notifications/batch`, { notifications }), 202)
  }
  return { users, tokens: tokensOf(users) }
}

let turn = 0
const url = (path) => `${hub(exec.vu.idInTest + turn++)}/v1${path}`

/** Returns the answer if its status is as expected, or counts an error. */
const expected = (answer, status = 200) => {
  if (answer.status === status) return answer
  errors.add(1)
  console.error(`${answer.request.method} ${answer.url}: ${answer.status} ${answer.body}`)
}

/** Returns all active items. */
const pages = (token) => {
  const items = []
  let before = ''
  for (;;) {
    const path = `/inbox?flat=true&limit=${PAGE}${before}`
    const answer = expected(call('GET', url(path), undefined, { token, name: 'page' }))
    if (!answer) return undefined
    const page = answer.json()
    items.push(...page.items)
    if (page.next === null) return { items, counts: page.counts }
    before = `&before=${encodeURIComponent(page.next)}`
  }
}

/** Reads the inbox until it has `count` items. Returns undefined if it never does. */
const untilStored = (token, count) => {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; sleep(0.1)) {
    const inbox = pages(token)
    if (inbox && inbox.items.length >= count) return inbox
  }
  return undefined
}

/** Compares an inbox with the model: whether each active item was read, by id. */
const compare = ({ unread }, { items, counts }) => {
  const ids = new Set(items.map(({ id }) => id))
  if (ids.size !== items.length) errors.add(1)
  for (const id of Object.keys(unread)) if (!ids.has(id)) lost.add(1)
  for (const { id, readAt } of items) if (unread[id] !== (readAt === null)) lostUpdates.add(1)
  const count = Object.values(unread).filter(Boolean).length
  if (counts.unread !== Math.min(count, 100)) lostUpdates.add(1)
}

const readAndCompare = (model, token) => {
  const inbox = pages(token)
  if (inbox) compare(model, inbox)
}

/** Sends requests at the same time. Returns whether all were answered with 200. */
const together = (requests) =>
  http.batch(requests).filter((answer) => expected(answer)).length === requests.length

const patches = (ids, body, token) =>
  ids.map((id) => request('PATCH', url(`/inbox/${id}`), body, { token, name: 'mark' }))

/** Marks some items at the same time, and archives another. */
const mark = (model, token) => {
  const ids = Object.keys(model.unread)
  const from = Math.floor(Math.random() * Math.max(1, ids.length - MARKED))
  const chosen = ids.slice(from, from + MARKED)
  const read = Math.random() < 0.5
  if (together(patches(chosen, { read }, token))) for (const id of chosen) model.unread[id] = !read
  const [first] = chosen
  if (first && ids.length > ITEMS && together(patches([first], { archived: true }, token)))
    delete model.unread[first]
}

/** Marks everything as read. An item that arrives afterwards is unread. */
const readAll = (model, user, token) => {
  if (expected(call('POST', url('/inbox/read-all'), undefined, { token, name: 'read-all' })))
    for (const id of Object.keys(model.unread)) model.unread[id] = false
  readAndCompare(model, token)
  expected(call('POST', url('/notifications'), { to: user, type: TYPE, title: 'Another item' }), 202)
  const inbox = untilStored(token, Object.keys(model.unread).length + 1)
  if (!inbox) return lost.add(1)
  for (const { id } of inbox.items) model.unread[id] ??= true
  compare(model, inbox)
}

const PREFERENCES = '/preferences'
const change = (body, token, headers = {}) =>
  request('PATCH', url(PREFERENCES), body, { token, headers, name: 'preferences-change' })
const preferences = (token) =>
  expected(call('GET', url(PREFERENCES), undefined, { token, name: 'preferences' }))

/** Changes several preferences at the same time, which all take effect. */
const changePreferences = (model, token) => {
  const value = model.round % 2 === 0
  const keys = Array.from({ length: CHANGED }, (_, n) => `k6.choice-${n}`)
  if (together(keys.map((key) => change({ types: { [key]: { email: value } } }, token))))
    for (const key of keys) model.choices[key] = value
  const answer = preferences(token)
  if (!answer) return
  const { types = {} } = answer.json()
  for (const [key, value] of Object.entries(model.choices))
    if (types[key]?.email !== value) lostUpdates.add(1)
}

/** Two writers with the same `ETag`: one of them succeeds, and the other is refused. */
const changeConditionally = (model, token) => {
  const answer = preferences(token)
  if (!answer) return
  const headers = { 'if-match': answer.headers.Etag }
  const values = [model.round * 2, model.round * 2 + 1].map((n) => `k6-writer-${n}`)
  const answers = http.batch(values.map((key) => change({ topics: { [key]: false } }, token, headers)))
  const [winner, ...others] = values.filter((_, at) => answers[at].status === 200)
  if (!winner || others.length > 0 || !answers.some(({ status }) => status === 412)) {
    errors.add(1)
    return console.error(`two writers: ${answers.map(({ status }) => status)}`)
  }
  const { topics = {} } = preferences(token)?.json() ?? {}
  for (const key of values) if ((topics[key] === false) !== (key === winner)) lostUpdates.add(1)
  expected(call('PATCH', url(PREFERENCES), { topics: { [winner]: null } }, { token }))
}

/** What the user of this VU did, which outlives an iteration. */
let model

/** One user after everything in it: reads, marks, and changes of preferences. */
export default ({ users, tokens }) => {
  const at = (exec.vu.idInTest - 1) % USERS
  const [user, token] = [users[at], tokens[at]]
  if (!model) {
    const inbox = untilStored(token, ITEMS)
    if (!inbox) {
      lost.add(ITEMS)
      exec.test.abort(`the inbox of ${user} never had its ${ITEMS} items`)
    }
    const unread = Object.fromEntries(inbox.items.map(({ id }) => [id, true]))
    model = { unread, choices: {}, round: 0 }
  }
  mark(model, token)
  readAndCompare(model, token)
  if (model.round % 3 === 0) readAll(model, user, token)
  changePreferences(model, token)
  changeConditionally(model, token)
  model.round += 1
  rounds.add(1)
}
