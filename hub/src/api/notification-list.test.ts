import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { NotificationSummary } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

const HOUR = 3_600_000

let test: TestHub
let tenant: TestTenant
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

type Listed = { notifications: NotificationSummary[]; next: string | null }

const list = (query: Record<string, string> = {}, token = tenant.key) =>
  test.call<Listed>('GET', `/v1/notifications?${new URLSearchParams(query)}`, { token })

const idsOf = ({ json }: Awaited<ReturnType<typeof list>>) => json.notifications.map(({ id }) => id)

/** Stores the record of a notification accepted `age` ms ago. */
const record = async (id: string, age: number, more: Partial<NotificationRecord> = {}) => {
  const acceptedAt = Date.now() - age
  const kind = { type: 'test', priority: 'normal', fingerprint: 'f', chains: 0, direct: 1 } as const
  await test.ports.store.notifications.put([{ tenant: tenant.id, id, acceptedAt, ...kind, ...more }])
}

/** Stores a notification and its item in a user's inbox. */
const received = async (id: string, user: string, age: number, more: Partial<NotificationRecord> = {}) => {
  await record(id, age, more)
  const at = { notification: id, type: more.type ?? 'test' }
  return tenant.item(user, at, more.deliverAt === undefined ? age : Date.now() - more.deliverAt)
}

describe('GET /v1/notifications', () => {
  it('lists notifications newest first, as GET returns them, without their deliveries', async () => {
    const deliverAt = Date.now() + HOUR
    await record('old', 3 * HOUR)
    await record(derivedUuid7(Date.now() - HOUR, 'x'), HOUR, { acceptedAt: Date.now() - HOUR, planned: true })
    await record('new', 0, { deliverAt, direct: 0 })
    const { status, json, headers } = await list()
    expect([status, headers.get('cache-control'), json.next]).toEqual([200, 'no-store', null])
    expect(json.notifications.map(({ id }) => id.slice(0, 3))).toEqual(['new', expect.any(String), 'old'])
    expect(json.notifications[0]).toEqual({
      id: 'new',
      type: 'test',
      priority: 'normal',
      state: 'scheduled',
      acceptedAt: expect.any(String),
      deliverAt: new Date(deliverAt).toISOString(),
      recipients: 0,
    })
    const alone = await test.call('GET', `/v1/notifications/${json.notifications[1]?.id}`, {
      token: tenant.key,
    })
    const { deliveries, ...status1 } = alone.json
    expect([deliveries, status1]).toEqual([{}, json.notifications[1]])
    expect(idsOf(await list({}, (await test.tenant()).key))).toEqual([])
  })

  it('filters by type, state and time', async () => {
    await record('a', 4 * HOUR, { type: 'order.shipped' })
    await record('b', 3 * HOUR)
    await record('c', 2 * HOUR, { type: 'order.shipped', chains: 1 })
    await record('d', HOUR, { deliverAt: Date.now() + HOUR })
    await test.ports.store.notifications.cancel(tenant.id, 'b', Date.now())
    const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString()
    expect(idsOf(await list({ type: 'order.shipped' }))).toEqual(['c', 'a'])
    for (const [state, id] of Object.entries({
      delivered: 'a',
      cancelled: 'b',
      delivering: 'c',
      scheduled: 'd',
    }))
      expect(idsOf(await list({ state })), state).toEqual([id])
    expect(idsOf(await list({ state: 'expired' }))).toEqual([])
    expect(idsOf(await list({ from: ago(3.5), to: ago(1.5) }))).toEqual(['c', 'b'])
    expect(idsOf(await list({ from: ago(3.5), type: 'order.shipped', state: 'delivering' }))).toEqual(['c'])
    for (const query of ['state=lost', 'from=monday', 'type=a b', 'limit=101', 'users=ann', 'before=x'])
      expect((await list(Object.fromEntries([query.split('=')]))).status, query).toBeGreaterThanOrEqual(400)
  })

  it('returns pages, whose cursor is valid for the same query only', async () => {
    for (let index = 0; index < 7; index++)
      await record(`n-${index}`, index * HOUR, index % 2 ? { type: 'odd' } : {})
    const found: string[] = []
    let next: string | null = null
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({
        type: 'test',
        limit: '2',
        ...(next ? { before: next } : {}),
      })
      found.push(...idsOf(page))
      next = page.json.next
      if (next)
        for (const query of [{ type: 'odd' }, { type: 'test', user: 'ann' }] as Record<string, string>[])
          expect((await list({ ...query, before: next })).json.code).toBe('cursor_invalid')
    } while (next)
    expect(found).toEqual(['n-0', 'n-2', 'n-4', 'n-6'])
    expect((await list({ type: 'test', before: '' })).json.notifications).toHaveLength(4)
  })

  it('examines a bounded number of notifications per page, and returns a cursor to continue', async () => {
    const { notifications } = test.ports.store
    const now = Date.now()
    const kind = { type: 'test', priority: 'normal', fingerprint: 'f', chains: 0, direct: 1 } as const
    await notifications.put(
      Array.from({ length: 900 }, (_, index) => ({
        ...{ tenant: tenant.id, id: `n-${index}`, acceptedAt: now - index, ...kind },
        ...(index === 850 ? { type: 'rare' } : {}),
      })),
    )
    const first = await list({ type: 'rare' })
    expect([idsOf(first), first.json.next]).toEqual([[], expect.any(String)])
    const second = await list({ type: 'rare', before: first.json.next ?? '' })
    expect([idsOf(second), second.json.next]).toEqual([['n-850'], null])
  })

  it('lists, for a user, the notifications in the inbox in any state, and scheduled or expired ones that name the user', async () => {
    const { inbox } = test.ports.store
    const absent = ['ann']
    const owner = { tenant: tenant.id, user: 'ann' }
    await received('first', 'ann', 6 * HOUR)
    const archived = await received('archived', 'ann', 5 * HOUR, { type: 'other' })
    await inbox.change(owner, [archived.id], () => ({ archivedAt: new Date().toISOString() }))
    const deleted = await received('deleted', 'ann', 4.5 * HOUR)
    await inbox.remove(owner, [deleted.id])
    await record('expired', 4 * HOUR, { expiresAt: Date.now() - 5 * HOUR, direct: 0, absent })
    await record('waiting', 3 * HOUR, { deliverAt: Date.now() + HOUR, direct: 0, absent })
    // It was scheduled and has since been delivered, so it is listed at the time it reached the inbox.
    await received('waited', 'ann', 8 * HOUR, { deliverAt: Date.now() - HOUR, absent })
    await received('other', 'bob', HOUR)
    await record('to everyone', 0.5 * HOUR, { chains: 8 })
    const all = ['waited', 'waiting', 'expired', 'archived', 'first']
    expect(idsOf(await list({ user: 'ann' }))).toEqual(all)
    expect(idsOf(await list({ user: 'ann', state: 'scheduled' }))).toEqual(['waiting'])
    expect(idsOf(await list({ user: 'ann', type: 'other' }))).toEqual(['archived'])
    const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString()
    expect(idsOf(await list({ user: 'ann', from: ago(5.5), to: ago(2) }))).toEqual(all.slice(1, 4))
    expect(idsOf(await list({ user: 'eve' }))).toEqual([])
    const paged: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page: Awaited<ReturnType<typeof list>> = await list({ user: 'ann', limit: '1', before: next })
      paged.push(...idsOf(page))
      next = page.json.next
    }
    expect(paged).toEqual(all)
  })
})
