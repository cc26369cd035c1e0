import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { newApiKey } from '@carillon/core/security/api-keys'
import { newTenant, signUserToken } from '@carillon/core/security/user-tokens'
import { rawWatcher, sdkWatcher } from './clients.ts'
import { createLedger, type Verdict } from './ledger.ts'
import { observe } from './observe.ts'
import { httpProducer, natsProducer, publishAll } from './publish.ts'
import { createRandom } from './random.ts'
import type { Fault, Kept, Stage } from './stage.ts'
import { createWorkload, type NatsSend, TYPES, type Workload } from './workload.ts'

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
const DOWN_MS = 1_500
const WORKED_OFF_WITHIN_MS = 300_000

const prepare = async ({ store }: Kept, tenantId: string, { users, topics }: Workload) => {
  const tenant = newTenant(tenantId)
  const { key, token: apiKey } = newApiKey(tenantId, 'proof')
  await store.tenants.put(tenant)
  await store.tenants.putKey(key)
  for (const type of TYPES) await store.types.put(tenantId, { key: type })
  await store.users.merge(
    tenantId,
    users.map((id) => ({ id, profile: {} })),
  )
  for (const [topic, members] of topics)
    for (let from = 0; from < members.length; from += 5_000)
      await store.topics.add(tenantId, topic, members.slice(from, from + 5_000))
  return { tenant, apiKey }
}

/** Resolves when no message is unfinished, twice in a row: the lanes are not asked at the same moment. */
const workedOff = async (stage: Stage, whileWaiting: () => void = () => {}) => {
  const deadline = performance.now() + WORKED_OFF_WITHIN_MS
  for (let quiet = 0; quiet < 2; ) {
    const backlog = await stage.backlog().catch(() => Number.NaN)
    quiet = backlog === 0 ? quiet + 1 : 0
    if (performance.now() > deadline) throw new Error(`${backlog} messages are not worked off`)
    whileWaiting()
    await delay(100)
  }
}

const untilDue = ({ sends }: Workload, startedAt: number) =>
  sends.length > 0 ? delay(Math.max(0, startedAt + 4_500 - Date.now())) : undefined

/**
 * Publishes a workload to an installation with real and bare clients connected, plays the fault in the middle,
 * repeats notifications once all has settled, and then holds everything there is against the ledger.
 */
export const prove = async (stage: Stage, options: ProofOptions): Promise<Proof> => {
  const { fault: name, seed, rate, note = () => {}, ...sizes } = options
  const fault = stage.faults.get(name)
  if (!fault)
    throw new RangeError(`there is no fault ${name}; there are ${[...stage.faults.keys()].join(', ')}`)
  const tenantId = `t${randomBytes(5).toString('hex')}`
  const madeAt = Date.now()
  const workload = createWorkload({ ...sizes, tenant: tenantId, seed, way: stage.natsUrl ? 'nats' : 'http' })
  const ledger = createLedger(workload.entries)
  const { users, sends, during, late } = workload

  await stage.rest()
  const { tenant, apiKey } = await stage.kept((kept) => prepare(kept, tenantId, workload))
  await stage.begin()

  const watch = async (index: number) => {
    const user = users[index] ?? ''
    return {
      url: stage.hubs[index % stage.hubs.length] ?? '',
      user,
      token: (await signUserToken(tenant, user)).token,
    }
  }
  const sdkCount = Math.min(SDK_CLIENTS, users.length)
  const rawCount = Math.min(RAW_CLIENTS, users.length - sdkCount)
  note(`connecting ${sdkCount} clients and ${rawCount} sockets`)
  const sdk = await Promise.all(
    Array.from({ length: sdkCount }, async (_, index) =>
      sdkWatcher({ ...(await watch(index)), reader: index % 4 === 0 }),
    ),
  )
  const raw = await Promise.all(
    Array.from({ length: rawCount }, async (_, index) => rawWatcher(await watch(sdkCount + index))),
  )

  const duringFault: Record<number, number> = {}
  const http = httpProducer(stage.hubs, apiKey, ledger)
  const meanwhile = httpProducer(stage.hubs, apiKey, ledger, (status) => {
    duringFault[status] = (duringFault[status] ?? 0) + 1
  })
  const nats = stage.natsUrl === undefined ? undefined : await natsProducer(stage.natsUrl, ledger)
  const producers = { http, ...(nats && { nats }) }

  /** Past any window in which the log itself knows what it has: straight into it, or without a Nats-Msg-Id. */
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
    note(`publishing ${sends.length} messages`)
    const at = 0.3 + createRandom(seed).next() * 0.3
    const began = performance.now()
    await publishAll(sends, producers, { rate, fault: { at, run: () => play(fault) } })
    const published = performance.now()
    note('working off')
    await untilDue(workload, madeAt)
    await workedOff(stage)
    note(`repeating ${late.length}`)
    if (!nats) await stage.rest()
    await again()
    await stage.begin()
    await workedOff(stage)
    const worked = performance.now()
    note('waiting for clients')
    const settled = await Promise.all(
      sdk.map((watcher) => watcher.settled(ledger.due(watcher.user), AGREED_WITHIN_MS)),
    )
    const agreed = performance.now()
    const clients = [...settled, ...raw.map((watcher) => watcher.view())]
    note('scanning')
    await stage.rest()
    const observation = await stage.kept((kept) =>
      observe(kept, tenantId, [...new Set([...users, ...(workload.topics.get('large') ?? [])])], clients),
    )
    const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10
    return {
      ...ledger.judge(observation),
      fault: name,
      seed,
      published: sizes.notifications,
      duplicates: workload.duplicates,
      duringFault,
      took: {
        publishing: seconds(began, published),
        working: seconds(published, worked),
        agreeing: seconds(worked, agreed),
        scanning: seconds(agreed, performance.now()),
      },
    }
  } finally {
    for (const watcher of [...sdk, ...raw]) watcher.close()
    await nats?.close()
  }
}
