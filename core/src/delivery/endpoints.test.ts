import { afterEach, beforeEach, expect, test } from 'vitest'
import { inProcessInvalidations } from '../cache/invalidation/in-process.ts'
import { type Database, openDatabase } from '../sqlite/database.ts'
import { freshTenant } from '../store/contract/samples.ts'
import { contractSeal } from '../store/contract/store.ts'
import { sqliteStore } from '../store/sqlite.ts'
import { createEndpoints, DISABLE_AFTER_MS } from './endpoints.ts'

const HOUR = 3_600_000
const URL = 'https://bad.example/hook'

let database: Database
let store: ReturnType<typeof sqliteStore>
let time: number
let tenant: string

beforeEach(async () => {
  database = openDatabase(':memory:')
  store = sqliteStore({ database, seal: contractSeal, retention: 90 * 24 * HOUR })
  await store.migrate()
  time = Date.now()
  tenant = freshTenant()
})
afterEach(async () => {
  await store.close()
  await database.close()
})

const open = (invalidations = inProcessInvalidations()) =>
  createEndpoints(store.expiringKeys, { now: () => time, invalidations })
type Opened = ReturnType<typeof open>

/** Records a failure every eight hours, the longest delay between two retries, for `ms`. */
const failFor = async (endpoints: Opened, url: string, ms: number) => {
  for (const end = time + ms; time <= end; time += 8 * HOUR) await endpoints.ended(tenant, url, 'failed')
}

test('disables an endpoint that has failed for days, until it is registered again', async () => {
  const endpoints = open()
  await failFor(endpoints, URL, DISABLE_AFTER_MS - 8 * HOUR)
  expect(await endpoints.disabled(tenant, URL)).toBe(false)
  await failFor(endpoints, URL, 16 * HOUR)
  expect(await endpoints.disabled(tenant, URL)).toBe(true)
  expect(await open().disabled(tenant, URL)).toBe(true)
  expect(await endpoints.disabled(freshTenant(), URL)).toBe(false)
  await endpoints.registered(tenant, URL)
  expect(await endpoints.disabled(tenant, URL)).toBe(false)
  expect(await open().disabled(tenant, URL)).toBe(false)
})

test('does not disable an endpoint with a success in between', async () => {
  const endpoints = open()
  for (let day = 0; day < 8; day++) {
    await failFor(endpoints, URL, 16 * HOUR)
    if (day % 4 === 3) await endpoints.ended(tenant, URL, 'worked')
  }
  expect(await endpoints.disabled(tenant, URL)).toBe(false)
})

test('treats failures weeks apart as separate outages', async () => {
  const endpoints = open()
  for (let week = 0; week < 5; week++) {
    await endpoints.ended(tenant, URL, 'failed')
    time += 7 * 24 * HOUR
  }
  expect(await endpoints.disabled(tenant, URL)).toBe(false)
})

test('disables an endpoint that returns 410 at once', async () => {
  const endpoints = open()
  await endpoints.ended(tenant, URL, 'gone')
  expect(await endpoints.disabled(tenant, URL)).toBe(true)
})

test('shows a disabled endpoint to other processes at once', async () => {
  const invalidations = inProcessInvalidations()
  const [hub, dispatcher] = [open(invalidations), open(invalidations)]
  expect(await hub.disabled(tenant, URL)).toBe(false)
  await dispatcher.ended(tenant, URL, 'gone')
  expect(await hub.disabled(tenant, URL)).toBe(true)
  expect(await dispatcher.disabled(tenant, URL)).toBe(true)
  await hub.registered(tenant, URL)
  expect(await dispatcher.disabled(tenant, URL)).toBe(false)
})
