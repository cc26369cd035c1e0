import { afterEach, describe, expect, test, vi } from 'vitest'
import { derivedUuid7 } from '../../notification/ids.ts'
import type { Store } from '../port.ts'
import type { AcceptanceClaim } from '../ports/notifications.ts'
import { localChain, OUTSIDE } from '../rules/notification-state.ts'
import { freshTenant, HOUR, sampleRecord } from './samples.ts'

export const notificationsContract = (store: () => Store): void => {
  describe('notifications', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test('a record is returned as stored; one without chains is delivered', async () => {
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

    test('recipients of chains are summed, and the notification is delivered when all chains have finished', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const record = sampleRecord(tenant, derivedUuid7(Date.now(), tenant), { chains: 2, direct: 5 })
      const { id } = record
      const look = async () => {
        const found = await notifications.get(tenant, id)
        return found && [found.state, found.recipients]
      }
      await notifications.put([record])
      expect(await look()).toEqual(['delivering', 5])
      await notifications.progress(tenant, id, { chain: 0, reached: 500, finished: false })
      await notifications.progress(tenant, id, { chain: 1, reached: 20, finished: true })
      await notifications.progress(tenant, id, { chain: 1, reached: 20, finished: true })
      expect(await look()).toEqual(['delivering', 525])
      await notifications.progress(tenant, id, { chain: 0, reached: 700, finished: true })
      await notifications.put([record])
      expect(await look()).toEqual(['delivered', 725])
      await notifications.progress(tenant, id, { chain: 0, reached: 500, finished: false })
      expect(await look()).toEqual(['delivered', 525])
      await notifications.progress(tenant, id, { chain: 0, reached: 700, finished: true })
      expect(await look()).toEqual(['delivered', 725])
    })

    test('amendments are stored once per key, returned oldest first, and kept when the record is stored again', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const record = sampleRecord(tenant, 'order-1', { deliverAt: Date.now() + HOUR })
      const later = { at: 7, data: { status: null, note: 'x' } }
      const earlier = { at: 5, content: { title: 'Hello', body: null } }
      await notifications.put([record])
      expect(await notifications.get(tenant, record.id)).not.toHaveProperty('amendments')
      await notifications.amend(tenant, record, 'second', later)
      await notifications.amend(tenant, record, 'first', earlier)
      await notifications.amend(tenant, record, 'second', later)
      await notifications.put([record])
      expect(await notifications.get(tenant, record.id)).toMatchObject({ amendments: [earlier, later] })
      const { notifications: listed } = await notifications.list(tenant, { limit: 5 })
      expect(listed).toMatchObject([{ state: 'scheduled', amendments: [earlier, later] }])
      const found = await notifications.find(tenant, [record.id])
      expect(found.get(record.id)).toMatchObject({ amendments: [earlier, later] })
    })

    test('chains for local times count from their first progress, beside those of the fan-out', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const deliverAt = Date.now() - HOUR
      const record = sampleRecord(tenant, 'local', {
        ...{ chains: 1, direct: 5, deliverAt, lastAt: deliverAt + 26 * HOUR },
        local: { deliverAt: '2026-12-01T09:00' },
      })
      const look = async () => {
        const found = await notifications.get(tenant, 'local')
        return found && [found.state, found.recipients]
      }
      await notifications.put([record])
      expect(await look()).toEqual(['delivering', 5])
      const waiting = [localChain(OUTSIDE, 0), localChain(0, 0), localChain(0, 1)]
      expect(new Set([0, ...waiting]).size).toBe(4)
      for (const chain of waiting)
        await notifications.progress(tenant, 'local', { chain, reached: 0, finished: false })
      await notifications.put([{ ...record, decisions: [] }])
      await notifications.progress(tenant, 'local', { chain: 0, reached: 9, finished: true })
      for (const chain of waiting) {
        expect((await look())?.[0]).toBe('delivering')
        await notifications.progress(tenant, 'local', { chain, reached: 2, finished: true })
      }
      expect(await look()).toEqual(['delivered', 20])
    })

    test('an unfinished fan-out becomes expired at its expiry', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const expiresAt = Date.now() + HOUR
      await notifications.put([sampleRecord(tenant, 'slow', { chains: 1, expiresAt })])
      await notifications.put([sampleRecord(tenant, 'never', { deliverAt: expiresAt, expiresAt })])
      expect(await notifications.get(tenant, 'slow')).toMatchObject({ state: 'delivering' })
      expect(await notifications.get(tenant, 'never')).toMatchObject({ state: 'scheduled' })
      vi.useFakeTimers({ toFake: ['Date'], now: expiresAt })
      expect(await notifications.get(tenant, 'slow')).toMatchObject({ state: 'expired' })
      expect(await notifications.get(tenant, 'never')).toMatchObject({ state: 'expired' })
    })

    test('a waiting notification is scheduled until `deliverAt`, or remains canceled', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const deliverAt = Date.now() + HOUR
      const waiting = ['a', 'b'].map((id) => sampleRecord(tenant, id, { deliverAt }))
      await notifications.put(waiting)
      const cancelledAt = Date.now()
      await notifications.cancel(tenant, 'b', cancelledAt)
      await notifications.put(waiting)
      expect(await notifications.get(tenant, 'a')).toMatchObject({ state: 'scheduled', deliverAt })
      expect(await notifications.get(tenant, 'b')).toMatchObject({ state: 'cancelled', cancelledAt })
      vi.useFakeTimers({ toFake: ['Date'], now: deliverAt })
      expect(await notifications.get(tenant, 'a')).toMatchObject({ state: 'delivered' })
      expect(await notifications.get(tenant, 'b')).toMatchObject({ state: 'cancelled' })
    })

    test('progress and cancellation can be stored before the record', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      await notifications.progress(tenant, 'early', { chain: 0, reached: 9, finished: true })
      await notifications.cancel(tenant, 'stopped', Date.now())
      expect(await notifications.get(tenant, 'early')).toBeUndefined()
      await notifications.put([
        sampleRecord(tenant, 'early', { chains: 1, direct: 0 }),
        sampleRecord(tenant, 'stopped'),
      ])
      expect(await notifications.get(tenant, 'early')).toMatchObject({ state: 'delivered', recipients: 9 })
      expect(await notifications.get(tenant, 'stopped')).toMatchObject({ state: 'cancelled' })
    })

    test('the first acceptance wins, whichever is stored first', async () => {
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

    test('storing a scheduled notification again counts its recipients', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const record = sampleRecord(tenant, 'n', { direct: 0 })
      await notifications.put([record])
      await notifications.put([{ ...record, direct: 3 }])
      expect(await notifications.get(tenant, 'n')).toMatchObject({ recipients: 3 })
    })

    const claimOf = (id: string, at: number, more: Partial<AcceptanceClaim> = {}): AcceptanceClaim => ({
      id,
      at,
      fingerprint: 'print',
      until: at + HOUR,
      ...more,
    })

    test('one of many claims for an id wins permanently and keeps its fingerprint', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const tries = Array.from({ length: 20 }, (_, index) =>
        notifications.claim(tenant, [
          claimOf('order-1', now + index, { fingerprint: `print-${index}` }),
          claimOf(`own-${index}`, now + index),
        ]),
      )
      const answers = await Promise.all(tries)
      const [winner] = answers.map(([shared]) => shared)
      expect(answers.map(([shared]) => shared)).toEqual(Array(20).fill(winner))
      expect(winner).toEqual({ at: expect.any(Number), fingerprint: `print-${(winner?.at ?? 0) - now}` })
      expect(answers.map(([, own]) => own?.at)).toEqual(tries.map((_, index) => now + index))
      expect(await notifications.claim(tenant, [claimOf('order-1', now - 1)])).toEqual([winner])
      expect(
        await notifications.claim(freshTenant(), [claimOf('order-1', 7, { until: now + HOUR })]),
      ).toEqual([{ at: 7, fingerprint: 'print' }])
    })

    test('the earliest claim of an id in one call wins, and the record of a UUIDv7 determines its acceptance', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const twice = [claimOf('a', now + 5, { fingerprint: 'later' }), claimOf('a', now)]
      const first = { at: now, fingerprint: 'print' }
      expect(await notifications.claim(tenant, twice)).toEqual([first, first])
      const id = derivedUuid7(now, tenant)
      await notifications.put([sampleRecord(tenant, id, { acceptedAt: now, fingerprint: 'recorded' })])
      const recorded = { at: now, fingerprint: 'recorded' }
      expect(await notifications.claim(tenant, [claimOf(id, now + HOUR)])).toEqual([recorded])
      expect(await notifications.recorded(tenant, [id, id, 'a', derivedUuid7(now, 'other')])).toEqual(
        new Map([[id, { ...recorded, complete: true }]]),
      )
      await notifications.put([
        sampleRecord(tenant, 'wide', { acceptedAt: now, chains: 8 }),
        sampleRecord(tenant, 'later', { acceptedAt: now, deliverAt: now + HOUR, version: 7 }),
      ])
      const found = await notifications.recorded(tenant, ['wide', 'later'])
      expect(['wide', 'later'].map((id) => found.get(id))).toMatchObject([
        { complete: false },
        { complete: false, version: 7 },
      ])
      expect(found.get('wide')?.version).toBeUndefined()
      for (const id of ['wide', 'later']) await notifications.cancel(tenant, id, now)
      const cancelled = await notifications.recorded(tenant, ['wide', 'later'])
      expect([...cancelled.values()].map(({ complete }) => complete)).toEqual([true, true])
      expect(await notifications.recorded(freshTenant(), [id])).toEqual(new Map())
      expect(await notifications.recorded(tenant, [])).toEqual(new Map())
    })

    test('an acceptance with a window covers claims near it, before or after', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const windowMs = 600_000
      const claim = async (minutes: number, fingerprint = 'print') => {
        const [found] = await notifications.claim(tenant, [
          claimOf('m', now + minutes * 60_000, { windowMs, fingerprint }),
        ])
        return found && [(found.at - now) / 60_000, found.fingerprint]
      }
      expect(await claim(0)).toEqual([0, 'print'])
      expect(await claim(9.9, 'other')).toEqual([0, 'print'])
      expect(await claim(10, 'other')).toEqual([10, 'other'])
      expect(await claim(5)).toEqual([0, 'print'])
      expect(await claim(5, 'other')).toEqual([10, 'other'])
      expect(await claim(5, 'third')).toEqual([0, 'print'])
      expect(await claim(-30)).toEqual([-30, 'print'])
      expect(await claim(0)).toEqual([0, 'print'])
    })

    test('concurrent claims with a window never have acceptances closer than the window', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const windowMs = 10_000
      const claims = Array.from({ length: 30 }, (_, index) =>
        claimOf('m', now + index * 1_000, { windowMs, fingerprint: 'same' }),
      )
      const found = await Promise.all(claims.map((claim) => notifications.claim(tenant, [claim])))
      const times = [...new Set(found.flat().map(({ at }) => at))].sort((a, b) => a - b)
      for (const [index, at] of times.slice(1).entries())
        expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(windowMs)
      for (const [index, claim] of claims.entries())
        expect(Math.abs((found[index]?.[0]?.at ?? 0) - claim.at)).toBeLessThan(windowMs)
      // A repeated claim gets an acceptance near it.
      const again = await notifications.claim(tenant, claims)
      expect(new Set(again.map(({ at }) => at))).toEqual(new Set(times))
    })
  })
}
