import { setTimeout as delay } from 'node:timers/promises'
import { rawWatcher, sdkWatcher } from './clients.ts'
import { createLedger, type Verdict } from './ledger.ts'
import { observe } from './observe.ts'
import { httpProducer, natsProducer, publishAll } from './publish.ts'
import { createRandom } from './random.ts'
import { refusalEntries, sendRefusals } from './refusals.ts'
import type { Fault, Stage } from './stage.ts'
import { type AddedTenant, addTenant } from './tenants.ts'
import {
  createPopulation,
  createWorkload,
  DUE_WITHIN_MS,
  type NatsSend,
  type Population,
  TYPES,
} from './workload.ts'

export type ProofOptions = {
  fault: string
  seed: number
  notifications: number
  users: number
  members: number
  /** Notifications a second; so that the fault meets work in hand. */
  rate: number
  /** Says what is being done. */
  note?: (line: string) => void
}

export type Proof = Verdict & {
  fault: string
  seed: number
  published: number
  duplicates: number
  /** Answers of the API to those that were published while the fault lasted, by status. */
  duringFault: Record<number, number>
  /** In seconds: publishing with the fault in it, until the log was worked off, and until all clients agreed. */
  took: { publishing: number; working: number; agreeing: number; scanning: number }
}

const SDK_CLIENTS = 20
const RAW_CLIENTS = 60
/** Within this long of everything being worked off, clients show what is there. */
const AGREED_WITHIN_MS = 30_000
const WORKED_OFF_WITHIN_MS = 300_000
/** How long what is down stays down, at least. */
const DOWN_MS = 1_500
const TOPIC_CHUNK = 5_000

const settleIn = (stage: Stage, { users, topics }: Population): Promise<AddedTenant> =>
  stage.kept(async ({ store }) => {
    const tenant = await addTenant(store, TYPES)
    const people = users.map((id) => ({ id, profile: {} }))
    await store.users.merge(tenant.id, people)
    for (const [topic, members] of topics)
      for (let from = 0; from < members.length; from += TOPIC_CHUNK)
        await store.topics.add(tenant.id, topic, members.slice(from, from + TOPIC_CHUNK))
    return tenant
  })

/** Some of the people with the real client, others with a bare socket, spread over the hubs. */
const connectClients = async (stage: Stage, tenant: AddedTenant, users: readonly string[]) => {
  const credentials = (some: readonly string[]) =>
    Promise.all(
      some.map(async (user, index) => ({
        url: stage.hubs[index % stage.hubs.length] ?? '',
        user,
        token: await tenant.token(user),
      })),
    )
  const forSdk = await credentials(users.slice(0, SDK_CLIENTS))
  const sdk = forSdk.map((each, index) => sdkWatcher({ ...each, reader: index % 4 === 0 }))
  const raw = await Promise.all(
    (await credentials(users.slice(SDK_CLIENTS, SDK_CLIENTS + RAW_CLIENTS))).map(rawWatcher),
  )
  const close = () => {
    for (const watcher of [...sdk, ...raw]) watcher.close()
  }
  return { sdk, raw, close }
}

/** Resolves when no message is unfinished, twice in a row: the queues are not asked at the same moment. */
const workedOff = async (stage: Stage) => {
  const deadline = performance.now() + WORKED_OFF_WITHIN_MS
  for (let quiet = 0; quiet < 2; ) {
    const backlog = await stage.backlog().catch(() => Number.NaN)
    quiet = backlog === 0 ? quiet + 1 : 0
    if (performance.now() > deadline) throw new Error(`${backlog} messages are not worked off`)
    await delay(100)
  }
}

/**
 * Publishes a workload to an installation with real and bare clients connected, plays the fault in the middle,
 * repeats notifications once all has settled, and then holds everything there is against the ledger.
 */
export const prove = async (stage: Stage, options: ProofOptions): Promise<Proof> => {
  const { fault: name, seed, rate, notifications, note = () => {} } = options
  const fault = stage.faults.get(name)
  if (!fault)
    throw new RangeError(`there is no fault ${name}; there are ${[...stage.faults.keys()].join(', ')}`)
  const population = createPopulation(options)
  await stage.rest()
  const tenant = await settleIn(stage, population)
  await stage.begin()
  const clients = await connectClients(stage, tenant, population.users)

  const way = stage.natsUrl === undefined ? 'http' : 'nats'
  const workload = createWorkload({ tenant: tenant.id, population, seed, notifications, way })
  const lastIsDue = delay(DUE_WITHIN_MS)
  const { sends, during, late } = workload
  const refusals = refusalEntries(tenant.id)
  const ledger = createLedger([...workload.entries, ...refusals])
  const duringFault: Record<number, number> = {}
  const http = httpProducer(stage.hubs, tenant.apiKey, ledger)
  const meanwhile = httpProducer(stage.hubs, tenant.apiKey, ledger, (status) => {
    duringFault[status] = (duringFault[status] ?? 0) + 1
  })
  const nats = stage.natsUrl === undefined ? undefined : await natsProducer(stage.natsUrl, ledger)
  const producers = { http, ...(nats && { nats }) }

  /** Past any window in which the log itself knows what it has: without a Nats-Msg-Id, or straight into it. */
  const again = async () => {
    if (nats) return publishAll(late, producers, { rate })
    await stage.kept(async ({ stream }) => {
      const messages = late.filter((send): send is NatsSend => send.way === 'nats')
      for (const { key } of messages) ledger.attempt(key)
      await stream.publish(messages.map(({ subject, data }) => ({ subject, data })))
      for (const { key } of messages) ledger.ok(key)
    })
  }
  const play = async ({ apiStands, strike, heal }: Fault) => {
    note(`fault: ${name}`)
    await strike()
    const sent = Promise.all(during.map(meanwhile.send))
    sent.catch(() => {})
    await Promise.all([apiStands ? sent : undefined, name === 'none' ? undefined : delay(DOWN_MS)])
    if (!nats && name !== 'none') await again()
    await heal()
    await sent
    note('fault: healed')
  }

  try {
    const [user = ''] = population.users
    const keys = { sender: tenant.apiKey, user: await tenant.token(user) }
    await sendRefusals(stage.hubs[0] ?? '', keys, user, refusals, ledger)
    note(`publishing ${sends.length} messages`)
    const at = 0.3 + createRandom(seed).next() * 0.3
    const began = performance.now()
    await publishAll(sends, producers, { rate, fault: { at, run: () => play(fault) } })
    const published = performance.now()
    note('working off')
    await lastIsDue
    await workedOff(stage)
    const worked = performance.now()
    note(`repeating ${late.length}`)
    if (!nats) await stage.rest()
    await again()
    await stage.begin()
    await workedOff(stage)
    const repeated = performance.now()
    note('waiting for clients')
    const settled = await Promise.all(
      clients.sdk.map((watcher) => watcher.settled(ledger.due(watcher.user), AGREED_WITHIN_MS)),
    )
    const agreed = performance.now()
    const views = [...settled, ...clients.raw.map((watcher) => watcher.view())]
    note('scanning')
    await stage.rest()
    const members = population.topics.get('large') ?? []
    const observation = await stage.kept((kept) => observe(kept, tenant.id, members, views))
    const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10
    return {
      ...ledger.judge(observation),
      fault: name,
      seed,
      published: notifications,
      duplicates: workload.duplicates,
      duringFault,
      took: {
        publishing: seconds(began, published),
        working: seconds(published, worked),
        agreeing: seconds(repeated, agreed),
        scanning: seconds(agreed, performance.now()),
      },
    }
  } finally {
    clients.close()
    await nats?.close()
  }
}
