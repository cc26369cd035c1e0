import { expect, test } from 'vitest'
import { openDatabase } from '../sqlite/database.ts'
import { freshTenant } from '../store/contract/samples.ts'
import { contractSeal } from '../store/contract.ts'
import { sqliteStore } from '../store/sqlite.ts'
import { createEndpoints, DISABLE_AFTER_MS } from './endpoints.ts'

test('an endpoint that has failed for days is disabled, until it works or is registered again', async () => {
  const database = openDatabase(':memory:')
  const store = sqliteStore({ database, seal: contractSeal, retention: 90 * 86_400_000 })
  await store.migrate()
  let time = Date.now()
  const open = () => createEndpoints(store.marks, () => time)
  const endpoints = open()
  const tenant = freshTenant()
  const [good, bad] = ['https://good.example/hook', 'https://bad.example/hook']
  for (const url of [good, bad]) await endpoints.ended(tenant, url, false)
  time += DISABLE_AFTER_MS / 2
  await endpoints.ended(tenant, bad, false)
  await endpoints.ended(tenant, good, true)
  time += DISABLE_AFTER_MS / 2 + 1
  expect(await endpoints.disabled(tenant, bad)).toBe(true)
  expect(await endpoints.disabled(tenant, good)).toBe(false)
  expect(await open().disabled(tenant, bad)).toBe(true)
  expect(await endpoints.disabled(freshTenant(), bad)).toBe(false)
  await endpoints.registered(tenant, bad)
  expect(await endpoints.disabled(tenant, bad)).toBe(false)
  expect(await open().disabled(tenant, bad)).toBe(false)
  await store.close()
  await database.close()
})
