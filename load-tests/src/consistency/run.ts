import { setTimeout as delay } from 'node:timers/promises'
import { check, type Verdict } from './checker.ts'
import { connectClients } from './clients.ts'
import type { Environment, Fault } from './environment.ts'
import { createHistory, type History } from './history.ts'
import { observe } from './observe.ts'
import { createPopulation, type Population } from './population.ts'
import { httpProducer, natsProducer, publishAll } from './publish.ts'
import { createRandom } from './random.ts'
import { rejectionEntries, sendRejections } from './rejections.ts'
import type { NatsSend } from './sends.ts'
import { type AddedTenant, addTenant } from './tenants.ts'
import { createWorkload, DUE_WITHIN_MS, TYPES, type Workload } from './workload.ts'

export type RunOptions = {
  fault: string
  seed: number
  notifications: number
  users: number
  members: number
  /** Notifications per second, so that the fault occurs while messages are being processed. */
  rate: number
  /** Receives progress messages. */
  note?: (line: string) => void
}

export type Result = Verdict & {
  fault: string
  seed: number
  published: number
  duplicates: number
  /** The status codes of requests during the fault, and how often each occurred. */
  duringFault: Record<number, number>
  /** In seconds: publishing (with the fault), processing the backlog, and waiting for all clients to agree. */
  took: { publishing: number; processing: number; agreeing: number; scanning: number }
}

/** Clients must show the stored state within this time after the backlog was processed. */
const AGREE_WITHIN_MS = 30_000
const PROCESSED_WITHIN_MS = 300_000
/** The minimum duration of a fault. */
const FAULT_MS = 1_500
const TOPIC_CHUNK = 5_000

const createTenant = (environment: Environment, { users, topics }: Population): Promise<AddedTenant> =>
  environment.inspect(async ({ store }) => {
    const tenant = await addTenant(store, TYPES)
    await store.users.merge(
      tenant.id,
      users.map((id) => ({ id, profile: {} })),
    )
    for (const [topic, members] of topics)
      for (let from = 0; from < members.length; from += TOPIC_CHUNK)
        await store.topics.add(tenant.id, topic, members.slice(from, from + TOPIC_CHUNK))
    return tenant
  })

/** Waits for an empty backlog, twice in a row, because the queues are not read at the same moment. */
const processed = async (environment: Environment) => {
  const deadline = performance.now() + PROCESSED_WITHIN_MS
  for (let empty = 0; empty < 2; ) {
    const backlog = await environment.backlog().catch(() => Number.NaN)
    empty = backlog === 0 ? empty + 1 : 0
    if (performance.now() > deadline) throw new Error(`${backlog} messages are not processed`)
    await delay(100)
  }
}

/** The producers of a run. `during` counts the status codes of requests during the fault. */
const connectProducers = async (
  { hubs, natsUrl }: Environment,
  { apiKey }: AddedTenant,
  history: History,
) => {
  const duringFault: Record<number, number> = {}
  const during = httpProducer(hubs, apiKey, history, (status) => {
    duringFault[status] = (duringFault[status] ?? 0) + 1
  })
  const http = httpProducer(hubs, apiKey, history)
  const nats = natsUrl === undefined ? undefined : await natsProducer(natsUrl, history)
  return { http, nats, during, duringFault }
}

/** Appends messages to the event log directly, where there is no NATS. */
const appendToLog = (environment: Environment, messages: readonly NatsSend[], history: History) =>
  environment.inspect(async ({ stream }) => {
    for (const { key } of messages) history.attempt(key)
    await stream.publish(messages.map(({ subject, data }) => ({ subject, data })))
    for (const { key } of messages) history.ok(key)
  })

type Run = {
  environment: Environment
  options: RunOptions
  fault: Fault
  history: History
  workload: Workload
  producers: Awaited<ReturnType<typeof connectProducers>>
}

/** Publishes the workload with the fault in its middle, and repeats some notifications after everything has settled. */
const publishWorkload = async ({ environment, options, fault, history, workload, producers }: Run) => {
  const { fault: name, seed, rate, note = () => {} } = options
  const { http, nats, during } = producers
  const publish = { http, ...(nats && { nats }) }
  /** Repeats notifications beyond the deduplication window of the log. */
  const repeat = () =>
    nats
      ? publishAll(workload.late, publish, { rate })
      : appendToLog(
          environment,
          workload.late.filter((send): send is NatsSend => send.via === 'nats'),
          history,
        )
  const runFault = async ({ apiAvailable, inject, heal }: Fault) => {
    note(`fault: ${name}`)
    await inject()
    const sent = Promise.all(workload.during.map(during.send))
    sent.catch(() => {})
    await Promise.all([apiAvailable ? sent : undefined, name === 'none' ? undefined : delay(FAULT_MS)])
    if (!nats && name !== 'none') await repeat()
    await heal()
    await sent
    note('fault: healed')
  }

  const lastIsDue = delay(DUE_WITHIN_MS)
  note(`publishing ${workload.sends.length} messages`)
  const at = 0.3 + createRandom(seed).next() * 0.3
  const began = performance.now()
  await publishAll(workload.sends, publish, { rate, fault: { at, run: () => runFault(fault) } })
  const published = performance.now()
  note('processing the backlog')
  await lastIsDue
  await processed(environment)
  const done = performance.now()
  note(`repeating ${workload.late.length} messages`)
  if (!nats) await environment.pause()
  await repeat()
  await environment.start()
  await processed(environment)
  return { publishing: published - began, processing: done - published }
}

const seconds = (ms: number) => Math.round(ms / 100) / 10

/**
 * Runs a workload against an installation with connected clients, injects the fault in the middle, repeats notifications
 * after everything has settled, and then compares the final state with the history.
 */
export const runConsistencyTest = async (environment: Environment, options: RunOptions): Promise<Result> => {
  const { fault: name, seed, notifications, note = () => {} } = options
  const fault = environment.faults.get(name)
  if (!fault)
    throw new RangeError(`unknown fault ${name}; available: ${[...environment.faults.keys()].join(', ')}`)
  const population = createPopulation(options)
  await environment.pause()
  const tenant = await createTenant(environment, population)
  await environment.start()
  const clients = await connectClients(environment, tenant, population.users)

  const via = environment.natsUrl === undefined ? 'http' : 'nats'
  const workload = createWorkload({ tenant: tenant.id, population, seed, notifications, via })
  const rejections = rejectionEntries(tenant.id)
  const history = createHistory([...workload.entries, ...rejections])
  const producers = await connectProducers(environment, tenant, history)
  try {
    const [user = ''] = population.users
    const keys = { sender: tenant.apiKey, user: await tenant.token(user) }
    await sendRejections(environment.hubs[0] ?? '', keys, user, rejections, history)
    const took = await publishWorkload({ environment, options, fault, history, workload, producers })

    note('waiting for clients')
    const settled = performance.now()
    const views = await clients.views((client) => history.acceptedFor(client), AGREE_WITHIN_MS)
    const agreed = performance.now()
    note('scanning')
    await environment.swept()
    await environment.pause()
    const members = population.topics.get('large') ?? []
    const observation = await environment.inspect((internals) =>
      observe(internals, tenant.id, members, views),
    )
    return {
      ...check(history, observation),
      fault: name,
      seed,
      published: notifications,
      duplicates: workload.duplicates,
      duringFault: producers.duringFault,
      took: {
        publishing: seconds(took.publishing),
        processing: seconds(took.processing),
        agreeing: seconds(agreed - settled),
        scanning: seconds(performance.now() - agreed),
      },
    }
  } finally {
    clients.close()
    await producers.nats?.close()
  }
}
