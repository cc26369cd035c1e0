import { randomUUID } from 'node:crypto'
import { PRIORITIES } from '@carillon/schemas'
import type { Entry } from './history.ts'
import { malformedHttp, malformedNats } from './malformed.ts'
import { type Audience, type Population, pickAudience } from './population.ts'
import { createRandom } from './random.ts'
import { createCollector, type HttpSend, type Identity, type Note, natsSend, type Send } from './sends.ts'

export const TYPES = ['comment.created', 'invoice.paid', 'auth.otp', 'news'] as const

export type WorkloadOptions = {
  /** Prefix of every key, so that runs on one installation do not collide. */
  tenant: string
  population: Population
  seed: number
  notifications: number
  /** How notifications are published. With `nats`, a tenth is still published over HTTP. */
  via: 'nats' | 'http'
}

export type Workload = {
  entries: Entry[]
  /** In the order of publishing. */
  sends: Send[]
  /** Published one by one during the fault. */
  during: HttpSend[]
  /** Repeated ids, published after everything has settled, beyond every deduplication window. */
  late: Send[]
  /** The number of messages that repeat a notification. */
  duplicates: number
}

const MALFORMED_SHARE = 0.04
const DUPLICATE_SHARE = 0.08
/** Delayed notifications are due at most this long after the workload was created. */
export const DUE_WITHIN_MS = 4_000

/** Returns a UUIDv7 of the current time. */
const uuid7 = () => {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

type Random = ReturnType<typeof createRandom>
type Collector = ReturnType<typeof createCollector>

/** Returns a function that repeats a notification, over another path or later. */
const duplicator = ({ tenant, via }: WorkloadOptions, random: Random, collector: Collector) => {
  const { sends, late } = collector
  return (key: string, note: Note, identity: Identity, viaHttp: boolean) => {
    const msgId = `${tenant}-${key}`
    const how = identity === 'msgid' ? 0 : random.below(4)
    if (via === 'http') {
      if (how < 2) collector.http(key, note)
      else late.push(natsSend(tenant, key, note, identity))
    } else if (how === 0) sends.push(natsSend(tenant, key, note, identity, viaHttp ? undefined : msgId))
    else if (how === 1) sends.push(natsSend(tenant, key, note, identity))
    else if (how === 2 && identity !== 'event') collector.http(key, note)
    else late.push(natsSend(tenant, key, note, identity))
  }
}

const createBuilder = (options: WorkloadOptions) => {
  const { tenant, seed, via } = options
  const { users, topics } = options.population
  const random = createRandom(seed)
  const collector = createCollector(tenant)
  const { sends, late } = collector
  const addDuplicate = duplicator(options, random, collector)
  let duplicates = 0

  const addValid = (key: string, { recipients, ...to }: Audience) => {
    const type = random.pick(TYPES)
    const priority = random.pick([...PRIORITIES, 'normal', 'normal', 'low'] as const)
    const note: Note = {
      data: { key },
      ...to,
      type,
      priority,
      title: collector.expect(key, { kind: 'delivered', recipients }),
      ...(random.chance(0.005) && {
        deliverAt: new Date(Date.now() + random.below(DUE_WITHIN_MS)).toISOString(),
      }),
    }
    const viaHttp = via === 'http' || random.chance(0.1)
    const identity = random.pick<Identity>(
      viaHttp ? ['uuid', 'own'] : ['uuid', 'uuid', 'own', 'own', 'event', 'msgid', 'none'],
    )
    if (identity === 'uuid') note.id = uuid7()
    if (identity === 'own') note.id = `order|${key}`
    if (viaHttp) collector.http(key, note)
    else
      sends.push(natsSend(tenant, key, note, identity, identity === 'none' ? undefined : `${tenant}-${key}`))
    if (random.chance(DUPLICATE_SHARE) && identity !== 'none') {
      duplicates++
      addDuplicate(key, note, identity, viaHttp)
    }
  }

  const addMalformed = (key: string, nth: number) => {
    const valid: Note = {
      data: { key },
      to: random.pick(users),
      type: 'news',
      priority: 'normal',
      title: 'Malformed',
    }
    if (via === 'http' || random.chance(0.2)) {
      const { code, value } = malformedHttp(valid, nth)
      collector.expect(key, { kind: 'rejected', code })
      return collector.http(key, value)
    }
    const { subject, data, tenant: letterTenant, code } = malformedNats(valid, { tenant, key, nth })
    collector.expect(key, code ? { kind: 'dead-lettered', tenant: letterTenant, code } : { kind: 'rejected' })
    sends.push({ via: 'nats', key, subject, data, msgId: `${tenant}-${key}`, repeatable: true })
  }

  const addLargeTopic = () => {
    const key = `${tenant}.large`
    const note: Note = {
      data: { key },
      id: 'large',
      to: { topic: 'large' },
      exclude: users.slice(0, 1),
      type: 'news',
      priority: 'low',
      title: collector.expect(key, { kind: 'delivered', recipients: topics.get('large')!.slice(1) }),
    }
    if (via === 'http') collector.http(key, note)
    else sends.push(natsSend(tenant, key, note, 'own', `${tenant}-large`), natsSend(tenant, key, note, 'own'))
    late.push(natsSend(tenant, key, note, 'own'))
    duplicates += via === 'http' ? 1 : 2
  }

  return {
    random,
    collector,
    addValid,
    addMalformed,
    addLargeTopic,
    duplicates: () => duplicates,
  }
}

/**
 * Creates a seeded workload with all priorities, kinds of recipients and kinds of ids, with duplicates, malformed input,
 * notifications to everyone, and one to a large topic.
 */
export const createWorkload = (options: WorkloadOptions): Workload => {
  const { tenant, notifications, population } = options
  const { random, collector, addValid, addMalformed, addLargeTopic, duplicates } = createBuilder(options)

  const broadcasts = new Map<number, () => void>()
  const everyone = { to: { everyone: true }, recipients: population.users }
  for (const share of [0.1, 0.5, 0.8])
    broadcasts.set(Math.floor(notifications * share), () => addValid(`${tenant}.everyone.${share}`, everyone))
  broadcasts.set(Math.floor(notifications * 0.2), addLargeTopic)

  for (let index = 0, malformed = 0; index < notifications; index++) {
    const key = `${tenant}.${index}`
    const addBroadcast = broadcasts.get(index)
    if (addBroadcast) addBroadcast()
    else if (random.chance(MALFORMED_SHARE)) addMalformed(key, malformed++)
    else addValid(key, pickAudience(random, population))
  }
  collector.flush()

  const during = Array.from({ length: 20 }, (_, index): HttpSend => {
    const key = `${tenant}.during.${index}`
    const to = random.pick(population.users)
    const title = collector.expect(key, { kind: 'delivered', recipients: [to] })
    const note = { data: { key }, id: `during|${index}`, to, type: 'news', priority: 'high', title }
    return { via: 'http', entries: [{ key, value: note }] }
  })
  const { entries, sends, late } = collector
  return { entries, sends, during, late, duplicates: duplicates() }
}
