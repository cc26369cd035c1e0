import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { newApiKey } from '@carillon/core/security/api-keys'
import { newTenant } from '@carillon/core/security/new-tenant'
import { createSeal } from '@carillon/core/security/seal'
import { signUserToken } from '@carillon/core/security/user-tokens'
import { openDatabase } from '@carillon/core/sqlite/database'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import type { DefaultPreferences, InboxPage, NotificationInput, NotificationStatus } from '@carillon/schemas'
import type { Settings } from '../rig/carillon.ts'
import { LossError } from './measure.ts'
import { TYPE, userOf } from './payload.ts'

const MEMBERS_PER_CALL = 1_000
const RESPONSE_MS = 60_000
const DAY_SECONDS = 86_400
const PAGE = 100

/** A provider account as in the API. */
export type AccountInput = { provider: string; config: Record<string, unknown> }

/** A tenant of a bench, with an API client. */
export type Tenant = {
  readonly id: string
  readonly apiKey: string
  /** Returns the Socket.IO credentials of the first `count` users. */
  auths(count: number): Promise<object[]>
  defineType(hub: string): Promise<void>
  /** Replaces the default preferences of the tenant. */
  putDefaults(hub: string, defaults: DefaultPreferences): Promise<void>
  /** Publishes notifications. Resolves when all are in the event log. */
  sendBatch(hub: string, notifications: readonly NotificationInput[]): Promise<void>
  /** Publishes one notification. Returns its id. */
  send(hub: string, notification: NotificationInput): Promise<string>
  status(hub: string, id: string): Promise<NotificationStatus | undefined>
  putAccount(hub: string, id: string, account: AccountInput): Promise<void>
  /** Requests a one-time password. */
  sendOtp(hub: string, wish: { to: object; channel: 'sms' | 'email' }): Promise<void>
  /** Adds users `from` to `to`, exclusive, to a topic. */
  join(hub: string, topic: string, from: number, to: number): Promise<void>
  /** Returns the `data.mark` of every item in a user's inbox. */
  marks(hub: string, user: number): Promise<number[][]>
}

/** High limits, because the limits against SMS pumping would dominate the result. */
const UNLIMITED = { perHour: 10_000_000, perDay: 10_000_000, perRange: 10_000_000 }
const SETTINGS = { url: 'http://localhost:4000/', otp: UNLIMITED }

/** Opens the store of these settings directly, without starting a process. */
const inStore = async (settings: Settings, work: (store: Store) => Promise<void>) => {
  const seal = createSeal(settings.CARILLON_SECRET ?? '')
  const url = settings.CARILLON_CASSANDRA_URL
  const retention = DAY_SECONDS * 1_000
  const database = url ? undefined : openDatabase(join(settings.CARILLON_DATA_DIR ?? '', 'carillon.db'))
  const store = database
    ? sqliteStore({ database, seal, retention })
    : cassandraStore({ ...connectCassandra(url ?? ''), seal, retention })
  try {
    await work(store)
  } finally {
    await store.close()
    await database?.close()
  }
}

/** Writes to the store what would take too long through the API. */
export type Prepare = (store: Store, tenant: string) => Promise<void>

/** Creates the tenant in the store of these settings, after a migration. */
export const makeTenant = async (settings: Settings, prepare?: Prepare): Promise<Tenant> => {
  const id = `bench-${randomBytes(6).toString('hex')}`
  const signer = newTenant(id)
  const { key, token: apiKey } = newApiKey(id, 'bench')
  await inStore(settings, async (store) => {
    await store.migrate()
    await store.tenants.put(signer)
    await store.tenants.putSettings(id, SETTINGS)
    await store.tenants.putKey(key)
    await prepare?.(store, id)
  })
  const tokenOf = async (user: number) => (await signUserToken(signer, userOf(user), DAY_SECONDS)).token

  const call = async (method: string, url: string, body?: unknown, token = apiKey) => {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(RESPONSE_MS),
    })
    const text = await response.text()
    return { status: response.status, text }
  }
  const demand = async (expected: number, ...request: Parameters<typeof call>) => {
    const { status, text } = await call(...request)
    if (status !== expected)
      throw new Error(`${request[0]} ${request[1]} responded with ${status}: ${text.slice(0, 500)}`)
    return text
  }

  return {
    id,
    apiKey,
    auths: (count) =>
      Promise.all(Array.from({ length: count }, async (_, user) => ({ token: await tokenOf(user) }))),
    defineType: async (hub) => {
      await demand(200, 'PUT', `${hub}/v1/types/${TYPE}`, { name: 'Comments' })
    },
    putDefaults: async (hub, defaults) => {
      // A cluster accepts only https here.
      await demand(200, 'PUT', `${hub}/v1/tenant`, { ...SETTINGS, url: 'https://bench.example/', defaults })
    },
    sendBatch: async (hub, notifications) => {
      await demand(202, 'POST', `${hub}/v1/notifications/batch`, { notifications })
    },
    send: async (hub, notification) =>
      (JSON.parse(await demand(202, 'POST', `${hub}/v1/notifications`, notification)) as { id: string }).id,
    putAccount: async (hub, id, account) => {
      await demand(200, 'PUT', `${hub}/v1/providers/${id}`, account)
    },
    sendOtp: async (hub, wish) => {
      await demand(202, 'POST', `${hub}/v1/otp`, wish)
    },
    status: async (hub, notification) => {
      const { status, text } = await call('GET', `${hub}/v1/notifications/${notification}`)
      if (status === 404) return
      if (status !== 200) throw new Error(`the status of a notification responded with ${status}: ${text}`)
      return JSON.parse(text) as NotificationStatus
    },
    join: async (hub, topic, from, to) => {
      for (let at = from; at < to; at += MEMBERS_PER_CALL) {
        const users = Array.from({ length: Math.min(MEMBERS_PER_CALL, to - at) }, (_, n) => userOf(at + n))
        await demand(204, 'POST', `${hub}/v1/topics/${topic}/members`, { users })
      }
    },
    marks: async (hub, user) => {
      const token = await tokenOf(user)
      const marks: number[][] = []
      for (let before: string | null = ''; before !== null; ) {
        const query = before && `&before=${encodeURIComponent(before)}`
        const text = await demand(200, 'GET', `${hub}/v1/inbox?limit=${PAGE}${query}`, undefined, token)
        const page = JSON.parse(text) as InboxPage
        for (const { data } of page.items) marks.push(data?.mark as number[])
        before = page.next
      }
      return marks
    },
  }
}

/** The number of inboxes to check after a bench. */
const SAMPLE = 5

/** Checks for some users that received notifications are stored exactly once. */
export const checkInboxes = async (
  tenant: Tenant,
  hub: string,
  users: number,
  sent: ReadonlyMap<number, number>,
): Promise<void> => {
  for (let sample = 0; sample < SAMPLE; sample++) {
    const user = Math.floor((sample * users) / SAMPLE)
    const marks = await tenant.marks(hub, user)
    const distinct = new Set(marks.map(([run, n]) => `${run} ${n}`)).size
    const expected = [...sent.values()].reduce((sum, count) => sum + Math.ceil((count - user) / users), 0)
    if (marks.length !== expected || distinct !== expected)
      throw new LossError(
        `${userOf(user)} should have ${expected} items, but has ${marks.length}, ${distinct} distinct`,
      )
  }
}
