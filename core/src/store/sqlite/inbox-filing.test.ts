import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { itemId } from '../../notification/ids.ts'
import { openDatabase } from '../../sqlite/database.ts'
import { DAY, freshTenant, RETENTION, sampleItem } from '../contract/samples.ts'
import { contractSeal } from '../contract/store.ts'
import type { NewItem } from '../ports/inbox.ts'
import { sqliteStore } from '../sqlite.ts'
import { createPurge } from './purge.ts'
import { sqliteSession } from './session.ts'

const open = async (path = ':memory:') => {
  const database = openDatabase(path)
  const store = sqliteStore({ database, seal: contractSeal, retention: RETENTION })
  await store.migrate()
  const close = async () => {
    await store.close()
    await database.close()
  }
  const count = (table: string) =>
    (database.handle.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count
  return { ...store, database, count, close }
}

const members = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `user-${from + index}`)

/** The items of a notification to an audience. */
const broadcast = (
  tenant: string,
  notification: string,
  users: readonly string[],
  expiresAt = Date.now() + DAY,
): NewItem[] => {
  const { content } = sampleItem({ tenant, user: '' }, { notification })
  const at = Date.parse(content.createdAt)
  return users.map((user) => ({
    ...{ tenant, user, content, expiresAt, keepRecipient: true },
    id: itemId(tenant, notification, user, at),
  }))
}

const whole = { status: 'active', limit: 10 } as const

test('unfiled items survive a restart, and everyone finds theirs', async () => {
  const path = join(tmpdir(), `carillon-filing-${randomUUID()}.db`)
  onTestFinished(() => rmSync(path, { force: true }))
  const tenant = freshTenant()
  const before = await open(path)
  await before.inbox.put(broadcast(tenant, 'first', members(0, 100)))
  await before.inbox.put(broadcast(tenant, 'second', members(50, 150)))
  expect([before.count('unfiled'), before.count('inbox')]).toEqual([2, 0])
  await before.close()
  const { inbox, count, close } = await open(path)
  for (const [user, notifications] of [
    ['user-0', ['first']],
    ['user-99', ['second', 'first']],
    ['user-149', ['second']],
  ] as const) {
    const { items } = await inbox.page({ tenant, user }, whole)
    expect(items.map(({ notification }) => notification).toSorted()).toEqual(notifications.toSorted())
    expect((await inbox.counts({ tenant, user })).counts.unread).toBe(notifications.length)
  }
  expect([count('unfiled'), count('inbox'), count('inbox_ids')]).toEqual([0, 200, 200])
  await close()
})

test('a redelivery to other members adds only the new ones, and restores nothing', async () => {
  const { inbox, count, close } = await open()
  const tenant = freshTenant()
  const all = broadcast(tenant, 'news', members(0, 100))
  await inbox.put(all.slice(0, 60))
  await inbox.put(all.slice(30))
  await inbox.put(all.slice(0, 60))
  const owner = { tenant, user: 'user-40' }
  const [item] = (await inbox.page(owner, whole)).items
  expect(count('inbox')).toBe(100)
  await inbox.remove(owner, [item!.id])
  await inbox.put(all)
  await inbox.put(all.slice(20))
  expect((await inbox.page(owner, whole)).items).toEqual([])
  expect((await inbox.page({ tenant, user: 'user-99' }, whole)).items).toHaveLength(1)
  expect([count('inbox'), count('inbox_ids')]).toEqual([100, 100])
  await close()
})

test('of two versions of an item, the first one stays, however they are stored', async () => {
  const { inbox, close } = await open()
  const tenant = freshTenant()
  const first = broadcast(tenant, 'news', members(0, 60))
  const second = first.map((item) => ({
    ...item,
    rendering: 'later',
    content: { ...first[0]!.content, title: 'later' },
  }))
  const [{ content }] = second as [NewItem]
  const shared = second.map((item) => ({ ...item, content }))
  await inbox.put(first)
  // As the same page, as another page, and one by one.
  await inbox.put(shared)
  await inbox.put(shared.slice(20))
  await inbox.put(second.slice(30))
  for (const user of ['user-0', 'user-25', 'user-59']) {
    const { items } = await inbox.page({ tenant, user }, whole)
    expect(items.map(({ title }) => title)).toEqual([first[0]!.content.title])
  }
  await close()
})

test('an item is changed, removed or recalled before anybody has read an inbox', async () => {
  const { inbox, close } = await open()
  const tenant = freshTenant()
  const owner = { tenant, user: 'user-0' }
  const put = async (notification: string) => {
    const items = broadcast(tenant, notification, members(0, 20))
    await inbox.put(items)
    return items
  }
  const [changed] = await put('changed')
  await inbox.change(owner, [changed!.id], () => ({ readAt: new Date().toISOString() }))
  const [removed] = await put('removed')
  await inbox.remove(owner, [removed!.id])
  const recalled = await put('recalled')
  await inbox.recalled(tenant, 'recalled')
  await inbox.recall(tenant, 'recalled', recalled)
  await put('left')
  const found = (await inbox.page(owner, whole)).items.map(({ notification }) => notification)
  expect(found.toSorted()).toEqual(['changed', 'left'])
  expect((await inbox.counts(owner)).counts.unread).toBe(1)
  await close()
})

test('an erasure removes an unfiled item, and a redelivery does not restore it', async () => {
  const { inbox, users, close } = await open()
  const tenant = freshTenant()
  const items = broadcast(tenant, 'news', members(0, 30))
  await inbox.put(items)
  await users.remove(tenant, 'user-7')
  await inbox.put(items)
  expect((await inbox.page({ tenant, user: 'user-7' }, whole)).items).toEqual([])
  expect((await inbox.page({ tenant, user: 'user-8' }, whole)).items).toHaveLength(1)
  await close()
})

test('items do not wait without bound, and expired ones are purged', async () => {
  const { inbox, database, count, close } = await open()
  const tenant = freshTenant()
  for (let n = 0; n < 6; n++) await inbox.put(broadcast(tenant, `n${n}`, members(0, 500)))
  expect([count('unfiled'), count('inbox')]).toEqual([0, 3_000])
  await inbox.put(broadcast(tenant, 'brief', members(0, 20), Date.now() + 1))
  database.handle.exec('UPDATE unfiled SET expires_at = 1')
  expect(await createPurge(sqliteSession(database))()).toBeGreaterThanOrEqual(20)
  expect([count('unfiled'), count('inbox')]).toEqual([0, 3_000])
  await close()
})
