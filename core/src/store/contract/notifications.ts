import { afterEach, describe, expect, test, vi } from 'vitest'
import { derivedUuid7 } from '../../ids.ts'
import type { Store } from '../port.ts'
import { freshTenant, HOUR, sampleRecord } from './samples.ts'

export const notificationsContract = (store: () => Store): void => {
  describe('notifications', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test('a record comes back whole; one without lanes is delivered', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const record = sampleRecord(tenant, 'order-1|sent', {
        direct: 3,
        expiresAt: Date.now() + HOUR,
        users: ['ada', 'bob@example.org', 'eve'],
        planned: true,
      })
      expect(await notifications.get(tenant, record.id)).toBeUndefined()
      await notifications.put([record])
      expect(await notifications.get(tenant, record.id)).toEqual({
        ...record,
        state: 'delivered',
        recipients: 3,
      })
      expect(await notifications.get(freshTenant(), record.id)).toBeUndefined()
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR })
      expect(await notifications.get(tenant, record.id)).toMatchObject({ state: 'delivered' })
    })

    test('lanes add up, and it is delivered when all have finished', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const record = sampleRecord(tenant, derivedUuid7(Date.now(), tenant), { lanes: 2, direct: 5 })
      const { id } = record
      const look = async () => {
        const found = await notifications.get(tenant, id)
        return found && [found.state, found.recipients]
      }
      await notifications.put([record])
      expect(await look()).toEqual(['delivering', 5])
      await notifications.progress(tenant, id, { lane: 0, reached: 500, finished: false })
      await notifications.progress(tenant, id, { lane: 1, reached: 20, finished: true })
      await notifications.progress(tenant, id, { lane: 1, reached: 20, finished: true })
      expect(await look()).toEqual(['delivering', 525])
      await notifications.progress(tenant, id, { lane: 0, reached: 700, finished: true })
      await notifications.put([record])
      expect(await look()).toEqual(['delivered', 725])
      await notifications.progress(tenant, id, { lane: 0, reached: 500, finished: false })
      expect(await look()).toEqual(['delivered', 525])
      await notifications.progress(tenant, id, { lane: 0, reached: 700, finished: true })
      expect(await look()).toEqual(['delivered', 725])
    })

    test('a fan-out that is not over when it expires is expired', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const expiresAt = Date.now() + HOUR
      await notifications.put([sampleRecord(tenant, 'slow', { lanes: 1, expiresAt })])
      await notifications.put([sampleRecord(tenant, 'never', { deliverAt: expiresAt, expiresAt })])
      expect(await notifications.get(tenant, 'slow')).toMatchObject({ state: 'delivering' })
      expect(await notifications.get(tenant, 'never')).toMatchObject({ state: 'scheduled' })
      vi.useFakeTimers({ toFake: ['Date'], now: expiresAt })
      expect(await notifications.get(tenant, 'slow')).toMatchObject({ state: 'expired' })
      expect(await notifications.get(tenant, 'never')).toMatchObject({ state: 'expired' })
    })

    test('one that waits is scheduled until its time, or cancelled for good', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const deliverAt = Date.now() + HOUR
      const waiting = ['a', 'b'].map((id) => sampleRecord(tenant, id, { deliverAt }))
      await notifications.put(waiting)
      await notifications.cancel(tenant, 'b', Date.now())
      await notifications.put(waiting)
      expect(await notifications.get(tenant, 'a')).toMatchObject({ state: 'scheduled', deliverAt })
      expect(await notifications.get(tenant, 'b')).toMatchObject({ state: 'cancelled' })
      vi.useFakeTimers({ toFake: ['Date'], now: deliverAt })
      expect(await notifications.get(tenant, 'a')).toMatchObject({ state: 'delivered' })
      expect(await notifications.get(tenant, 'b')).toMatchObject({ state: 'cancelled' })
    })

    test('progress and cancellation may come before the record', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      await notifications.progress(tenant, 'early', { lane: 0, reached: 9, finished: true })
      await notifications.cancel(tenant, 'stopped', Date.now())
      expect(await notifications.get(tenant, 'early')).toBeUndefined()
      await notifications.put([
        sampleRecord(tenant, 'early', { lanes: 1, direct: 0 }),
        sampleRecord(tenant, 'stopped'),
      ])
      expect(await notifications.get(tenant, 'early')).toMatchObject({ state: 'delivered', recipients: 9 })
      expect(await notifications.get(tenant, 'stopped')).toMatchObject({ state: 'cancelled' })
    })

    test('the first acceptance stands, whichever is stored first', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const records = Array.from({ length: 300 }, (_, index) =>
        sampleRecord(
          tenant,
          index % 2 ? `order-${index}` : derivedUuid7(now - index * 50, `${tenant}${index}`),
          {
            acceptedAt: now - index,
          },
        ),
      )
      const later = records
        .slice(0, 10)
        .map((record) => ({ ...record, acceptedAt: record.acceptedAt + 5_000 }))
      await notifications.put(later.slice(0, 5))
      await notifications.put(records)
      await notifications.put(later)
      expect(await notifications.get(tenant, records[1]?.id ?? '')).toMatchObject({ acceptedAt: now - 1 })
    })

    test('a notification that waited has its recipients counted when it is stored again', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const record = sampleRecord(tenant, 'n', { direct: 0 })
      await notifications.put([record])
      await notifications.put([{ ...record, direct: 3 }])
      expect(await notifications.get(tenant, 'n')).toMatchObject({ recipients: 3 })
    })

    test('of many claims for an id one wins, for good', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const tries = Array.from({ length: 20 }, (_, index) =>
        notifications.claim(tenant, [
          { id: 'order-1', at: now + index },
          { id: `own-${index}`, at: now + index },
        ]),
      )
      const answers = await Promise.all(tries)
      const [winner] = answers.map((times) => times.get('order-1'))
      expect(answers.map((times) => times.get('order-1'))).toEqual(Array(20).fill(winner))
      expect(answers.map((times, index) => times.get(`own-${index}`))).toEqual(
        tries.map((_, index) => now + index),
      )
      expect(await notifications.claim(tenant, [{ id: 'order-1', at: now - 1 }])).toEqual(
        new Map([['order-1', winner]]),
      )
      expect(await notifications.claim(freshTenant(), [{ id: 'order-1', at: 7 }])).toEqual(
        new Map([['order-1', 7]]),
      )
    })

    test('within one call the earliest claim of an id counts, and a record says when a UUIDv7 was accepted', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const twice = [
        { id: 'a', at: now + 5 },
        { id: 'a', at: now },
      ]
      expect(await notifications.claim(tenant, twice)).toEqual(new Map([['a', now]]))
      const id = derivedUuid7(now, tenant)
      await notifications.put([sampleRecord(tenant, id, { acceptedAt: now })])
      expect(await notifications.claim(tenant, [{ id, at: now + 3_600_000 }])).toEqual(new Map([[id, now]]))
    })
  })
}
