import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Database, openDatabase } from '../sqlite/database.ts'
import { freshOwner, RETENTION, sampleItem } from '../store/contract/samples.ts'
import { contractSeal } from '../store/contract/store.ts'
import { sqliteStore } from '../store/sqlite.ts'
import { createBatchItems } from './found.ts'
import type { Batch } from './walk.ts'

let database: Database
let store: ReturnType<typeof sqliteStore>
beforeAll(async () => {
  database = openDatabase(':memory:')
  store = sqliteStore({ database, seal: contractSeal, retention: RETENTION })
  await store.migrate()
})
afterAll(async () => {
  await store.close()
  await database.close()
})

test('reads each inbox once, keeps the order of batches, and omits items of other notifications', async () => {
  const ada = freshOwner('ada')
  const bob = { ...ada, user: 'bob' }
  const items = [ada, bob, ada, bob, ada].map((owner, n) => sampleItem(owner, { notification: `n${n >> 1}` }))
  await store.inbox.put(items)
  const get = vi.spyOn(store.inbox, 'get')
  const batchOf = (id: string, of: typeof items): Batch => ({
    ...{ id, at: 0, record: undefined, context: '', first: true },
    named: of.map(({ user, id }) => ({ user, id })),
  })
  const named = (n: number) => items.filter(({ content }) => content.notification === `n${n}`)
  const batches = [
    batchOf('n2', named(2)),
    batchOf('n1', named(1)),
    batchOf('other', named(1)),
    batchOf('n0', named(0)),
  ]
  const found = await createBatchItems(store.inbox)(ada.tenant, batches, {})
  const expected = [...named(2), ...named(1), ...named(0)]
  expect(found.map(({ user, item }) => [user, item.id])).toEqual(expected.map(({ user, id }) => [user, id]))
  expect(get).toHaveBeenCalledTimes(2)
})
