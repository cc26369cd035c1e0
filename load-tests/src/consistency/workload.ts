import { randomUUID } from 'node:crypto'
import { PRIORITIES, type Priority } from '@carillon/schemas'
import type { Entry, Fate } from './ledger.ts'
import { spoiledHttp, spoiledNats } from './malformed.ts'
import { createRandom, type Random } from './random.ts'

export const TYPES = ['comment.created', 'invoice.paid', 'auth.otp', 'news'] as const

/** One message to publish over NATS. */
export type NatsSend = {
  way: 'nats'
  key: string
  subject: string
  data: Uint8Array
  msgId?: string
  /** Whether sending it again, when nobody answered, cannot make a second notification of it. */
  repeatable: boolean
}
/** One `POST /v1/notifications/batch`. Each `value` is a notification, or none. */
export type HttpSend = { way: 'http'; idempotencyKey?: string; entries: { key: string; value: unknown }[] }
export type Send = NatsSend | HttpSend

/** The people of a tenant: `users` are all that are known; the topic `large` has members beside them. */
export type Population = { users: string[]; topics: Map<string, string[]> }

export type WorkloadOptions = {
  /** Leads every key, so that runs on one installation do not meet. */
  tenant: string
  population: Population
  seed: number
  notifications: number
  /** Where notifications go in. Over NATS a tenth still goes over HTTP. */
  way: 'nats' | 'http'
}

export type Workload = {
  entries: Entry[]
  /** In the order to publish. */
  sends: Send[]
  /** To publish one by one while the fault lasts. */
  during: HttpSend[]
  /** To publish when everything has settled: the same ids again, later than any window remembers. */
  late: Send[]
  /** How many messages repeat a notification. */
  duplicates: number
}

const MALFORMED = 0.04
const DUPLICATED = 0.08
const BATCH = 50
const encoder = new TextEncoder()

/** The forms that ids of people take elsewhere. */
const userId = (index: number) =>
  [`user-${index}`, `u${index}@example.com`, `auth0|${index}`, `org:${index}=x~y+z`][index % 4] ?? ''

type Note = Record<string, unknown> & { id?: string; type: string; priority: Priority }

/** How a notification says which one it is, so that sending it again is no second one. */
type Identity = 'uuid' | 'own' | 'event' | 'msgid' | 'none'

/** A UUIDv7 of now. */
const uuid7 = () => {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

const audience = (random: Random, { users, topics }: Population) => {
  const roll = random.next()
  const one = random.pick(users)
  if (roll < 0.78) return { to: one, recipients: [one] }
  if (roll < 0.86) {
    const some = random.some(users, 2 + random.below(4))
    return { to: some, recipients: some }
  }
  if (roll < 0.9)
    return {
      to: { user: one, name: `The ${one}`, locale: 'pt-BR', timezone: 'Europe/Lisbon' },
      recipients: [one],
    }
  const topic = `team:${random.below(10)}`
  const team = topics.get(topic) ?? []
  if (roll < 0.95) {
    const exclude = random.some(team, 2)
    const actor = random.pick(team)
    const recipients = team.filter((user) => !exclude.includes(user) && user !== actor)
    return { to: { topic }, exclude, actor, recipients }
  }
  // The same people by several names: each gets it once.
  return {
    to: [{ topic }, one, { user: one }, ...team.slice(0, 2)],
    recipients: [...new Set([...team, one])],
  }
}

export const createPopulation = (sizes: { users: number; members: number; seed: number }): Population => {
  const random = createRandom(sizes.seed)
  const users = Array.from({ length: sizes.users }, (_, index) => userId(index))
  const topics = new Map<string, string[]>()
  for (let team = 0; team < 10; team++) topics.set(`team:${team}`, random.some(users, 20))
  const strangers = Math.max(0, sizes.members - users.length)
  topics.set('large', [...users, ...Array.from({ length: strangers }, (_, index) => `member-${index}`)])
  return { users, topics }
}

/** The last of them is due this long after the workload was made. */
export const DUE_WITHIN_MS = 4_000

/** A seeded mix: priorities, recipients of every kind, ids of every kind, duplicates, bad input, and one large topic. */
export const createWorkload = (options: WorkloadOptions): Workload => {
  const { tenant, seed, notifications, way } = options
  const { users, topics } = options.population
  const random = createRandom(seed)
  const entries: Entry[] = []
  const sends: Send[] = []
  const late: Send[] = []
  let duplicates = 0
  let batch: HttpSend['entries'] = []
  let batches = 0

  const flush = () => {
    if (batch.length === 0) return
    const keyed = batches++ % 8 === 7
    sends.push({ way: 'http', entries: batch, ...(keyed && { idempotencyKey: `${tenant}-${batches}` }) })
    batch = []
  }
  const overHttp = (key: string, value: unknown) => {
    if (batch.push({ key, value }) === BATCH) flush()
  }
  const overNats = (key: string, note: Note, identity: Identity, msgId?: string): NatsSend => {
    const { type, priority, ...rest } = note
    const event = { specversion: '1.0', id: key, source: '/proof', type: `com.example.${type}`, data: rest }
    return {
      way: 'nats',
      key,
      subject: `notify.${tenant}.${priority}.${type}`,
      data: encoder.encode(JSON.stringify(identity === 'event' ? event : rest)),
      ...(msgId !== undefined && { msgId }),
      repeatable: identity !== 'none',
    }
  }
  const add = (key: string, fate: Fate): string => {
    const title = `This is ${key}`
    entries.push({ key, title, fate })
    return title
  }

  const addGood = (key: string, who: { to: unknown; recipients: string[] } & Record<string, unknown>) => {
    const { recipients, ...to } = who
    const type = random.pick(TYPES)
    const priority = random.pick([...PRIORITIES, 'normal', 'normal', 'low'] as const)
    const note: Note = {
      data: { key },
      ...to,
      type,
      priority,
      title: add(key, { kind: 'delivered', recipients }),
      ...(random.chance(0.005) && {
        deliverAt: new Date(Date.now() + random.below(DUE_WITHIN_MS)).toISOString(),
      }),
    }
    const viaHttp = way === 'http' || random.chance(0.1)
    const identity = random.pick<Identity>(
      viaHttp ? ['uuid', 'own'] : ['uuid', 'uuid', 'own', 'own', 'event', 'msgid', 'none'],
    )
    if (identity === 'uuid') note.id = uuid7()
    if (identity === 'own') note.id = `order|${key}`
    const msgId = `${tenant}-${key}`
    const once = overNats(key, note, identity, identity === 'none' ? undefined : msgId)
    if (viaHttp) overHttp(key, note)
    else sends.push(once)

    if (!random.chance(DUPLICATED) || identity === 'none') return
    duplicates++
    const again = identity === 'msgid' ? 0 : random.below(4)
    if (way === 'http') {
      if (again < 2) overHttp(key, note)
      else late.push(overNats(key, note, identity))
    } else if (again === 0) sends.push(overNats(key, note, identity, viaHttp ? undefined : msgId))
    else if (again === 1) sends.push(overNats(key, note, identity))
    else if (again === 2 && identity !== 'event') overHttp(key, note)
    else late.push(overNats(key, note, identity))
  }

  const addBad = (key: string, nth: number) => {
    const good: Note = {
      data: { key },
      to: random.pick(users),
      type: 'news',
      priority: 'normal',
      title: 'Bad',
    }
    const msgId = `${tenant}-${key}`
    if (way === 'http' || random.chance(0.2)) {
      const { code, value } = spoiledHttp(good, nth)
      add(key, { kind: 'turned away', code })
      return overHttp(key, value)
    }
    const { subject, data, tenant: filed, code } = spoiledNats(good, { tenant, key, nth })
    add(key, code ? { kind: 'buried', tenant: filed, code } : { kind: 'turned away' })
    sends.push({ way: 'nats', key, subject, data, msgId, repeatable: true })
  }

  const wide = new Map<number, () => void>()
  const everyone = { to: { everyone: true }, recipients: users }
  for (const share of [0.1, 0.5, 0.8])
    wide.set(Math.floor(notifications * share), () => addGood(`${tenant}.everyone.${share}`, everyone))
  wide.set(Math.floor(notifications * 0.2), () => {
    const large = {
      to: { topic: 'large' },
      exclude: users.slice(0, 1),
      recipients: topics.get('large')!.slice(1),
    }
    const key = `${tenant}.large`
    const note: Note = {
      data: { key },
      id: 'large',
      to: large.to,
      exclude: large.exclude,
      type: 'news',
      priority: 'low',
      title: add(key, { kind: 'delivered', recipients: large.recipients }),
    }
    if (way === 'http') overHttp(key, note)
    else sends.push(overNats(key, note, 'own', `${tenant}-large`), overNats(key, note, 'own'))
    late.push(overNats(key, note, 'own'))
    duplicates += way === 'http' ? 1 : 2
  })
  for (let index = 0, bad = 0; index < notifications; index++) {
    const key = `${tenant}.${index}`
    const special = wide.get(index)
    if (special) special()
    else if (random.chance(MALFORMED)) addBad(key, bad++)
    else addGood(key, audience(random, options.population))
  }
  flush()

  const during: HttpSend[] = []
  for (let index = 0; index < 20; index++) {
    const key = `${tenant}.during.${index}`
    const to = random.pick(users)
    const title = add(key, { kind: 'delivered', recipients: [to] })
    const note = { data: { key }, id: `during|${index}`, to, type: 'news', priority: 'high', title }
    during.push({ way: 'http', entries: [{ key, value: note }] })
  }
  return { entries, sends, during, late, duplicates }
}
