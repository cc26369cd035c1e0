import type { Delivery } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { DeliveryChange } from '../ports/deliveries.ts'
import { freshTenant, seeded } from './samples.ts'

const T = Date.UTC(2026, 0, 31, 9)
const time = (at: number) => new Date(at).toISOString()

const change = (
  state: DeliveryChange['state'],
  at: number,
  more: Partial<DeliveryChange> = {},
): DeliveryChange => ({
  notification: 'order-1',
  user: 'ada',
  step: 0,
  channel: 'email',
  device: '',
  toAudience: false,
  state,
  at,
  ...more,
})

const ONE = { id: 'order-1', toAudience: false }

/** Lists all deliveries in pages of 97. */
const listAll = async (
  store: Store,
  tenant: string,
  notification: { id: string; toAudience: boolean; user?: string },
): Promise<Delivery[]> => {
  const met: Delivery[] = []
  let after: string | undefined
  do {
    const query = { limit: 97, ...(after === undefined ? {} : { after }) }
    const page = await store.deliveries.list(tenant, notification, query)
    expect(page.deliveries.length).toBeLessThanOrEqual(97)
    met.push(...page.deliveries)
    after = page.next
  } while (after !== undefined)
  return met
}

const placeOf = ({ user, step, device }: Delivery) => `${user} ${step} ${device}`

export const deliveriesContract = (store: () => Store): void => {
  describe('deliveries', () => {
    test('contain the time of every state, and the latest value of other fields', async () => {
      const { deliveries } = store()
      const tenant = freshTenant()
      await deliveries.record(tenant, [change('requested', T)])
      await deliveries.record(tenant, [change('queued', T + 5, { attempt: 1, provider: 'mail' })])
      expect((await deliveries.list(tenant, ONE, { limit: 10 })).deliveries).toEqual([
        {
          notification: 'order-1',
          user: 'ada',
          channel: 'email',
          step: 0,
          device: null,
          state: 'queued',
          times: { requested: time(T), queued: time(T + 5) },
          attempts: 1,
          provider: 'mail',
          providerId: null,
          reason: null,
          detail: null,
          nextAttemptAt: null,
        },
      ])
      await deliveries.record(tenant, [
        change('sent', T + 10, { attempt: 2, provider: 'spare', providerId: 'm-1' }),
        change('delivered', T + 20),
        change('failed', T + 7, { attempt: 1, reason: 'mailbox_full' }),
      ])
      expect(await deliveries.list(tenant, ONE, { limit: 10 })).toEqual({
        deliveries: [
          expect.objectContaining({
            state: 'delivered',
            times: {
              requested: time(T),
              queued: time(T + 5),
              failed: time(T + 7),
              sent: time(T + 10),
              delivered: time(T + 20),
            },
            attempts: 2,
            provider: 'spare',
            providerId: 'm-1',
            reason: null,
          }),
        ],
      })
    })

    test('show reason and next attempt while queued, but no earlier reason with a later state', async () => {
      const { deliveries } = store()
      const tenant = freshTenant()
      const shown = async () => {
        const { deliveries: found } = await deliveries.list(tenant, ONE, { limit: 10 })
        const [{ state, reason, detail, nextAttemptAt } = { state: undefined }] = found
        return { state, reason, detail, nextAttemptAt }
      }
      const waits = { reason: 'tls_failed', detail: 'no STARTTLS', nextAttempt: T + 60_000 }
      await deliveries.record(tenant, [
        change('queued', T),
        change('queued', T + 5, { attempt: 1, ...waits }),
      ])
      const why = { reason: 'tls_failed', detail: 'no STARTTLS' }
      expect(await shown()).toEqual({ state: 'queued', ...why, nextAttemptAt: time(T + 60_000) })
      await deliveries.record(tenant, [change('skipped', T + 10, { reason: 'read' })])
      expect(await shown()).toEqual({ state: 'skipped', reason: 'read', detail: null, nextAttemptAt: null })
      await deliveries.record(tenant, [change('failed', T + 60_000, why)])
      expect(await shown()).toEqual({ state: 'failed', ...why, nextAttemptAt: null })
      // A replay queues it again, so it has not failed yet.
      await deliveries.record(tenant, [change('queued', T + 70_000)])
      const nothing = { reason: null, detail: null, nextAttemptAt: null }
      expect(await shown()).toEqual({ state: 'queued', ...nothing })
      await deliveries.record(tenant, [change('sent', T + 80_000)])
      expect(await shown()).toEqual({ state: 'sent', ...nothing })
    })

    test('what let a step go on is returned for its user, and not shown in lists', async () => {
      const { deliveries } = store()
      const tenant = freshTenant()
      const passed = [
        { at: T, stage: 'condition', by: 'system' } as const,
        { at: T, stage: 'preference', by: 'user', path: 'types.x.email' } as const,
      ]
      for (const toAudience of [false, true]) {
        const id = `to-${toAudience}`
        const of = { notification: id, toAudience }
        await deliveries.record(tenant, [
          change('requested', T, of),
          change('sent', T + 5, { ...of, passed }),
          change('sent', T, { ...of, user: 'bob', step: 1, channel: 'sms' }),
        ])
        // A later state leaves it as it is.
        await deliveries.record(tenant, [change('read', T + 9, of)])
        expect(await deliveries.passed(tenant, { id, toAudience, user: 'ada' })).toEqual(
          passed.map((each) => ({ ...each, channel: 'email', step: 0, outcome: 'pass' })),
        )
        expect(await deliveries.passed(tenant, { id, toAudience, user: 'bob' })).toEqual([])
        const { deliveries: listed } = await deliveries.list(tenant, { id, toAudience }, { limit: 5 })
        expect(listed.map((each) => Object.hasOwn(each, 'passed'))).toEqual([false, false])
      }
    })

    test('accept repeated changes in any order', async () => {
      const { deliveries } = store()
      const tenant = freshTenant()
      const changes = [
        change('requested', T),
        change('queued', T + 1, { attempt: 1 }),
        change('in_doubt', T + 2, { provider: 'a', reason: 'silent' }),
        change('queued', T + 3, { attempt: 2 }),
        change('sent', T + 4, { provider: 'b', providerId: 'first' }),
        change('sent', T + 6, { attempt: 3, providerId: 'second' }),
        change('failed', T + 8, { reason: 'bounced' }),
        change('failed', T + 8, { reason: 'absent', attempt: 2 }),
      ]
      const expected = {
        state: 'failed',
        times: {
          requested: time(T),
          queued: time(T + 3),
          in_doubt: time(T + 2),
          sent: time(T + 6),
          failed: time(T + 8),
        },
        attempts: 2,
        provider: 'b',
        providerId: 'second',
        reason: 'bounced',
      }
      const random = seeded(4)
      for (const user of ['forward', 'backward', 'x', 'y', 'z']) {
        const mixed = [...changes, ...changes]
        if (user.length === 1) mixed.sort(() => random() - 0.5)
        if (user === 'backward') mixed.reverse()
        for (const half of [mixed.slice(0, 5), mixed.slice(5)])
          await deliveries.record(
            tenant,
            half.map((each) => ({ ...each, user })),
          )
        const { deliveries: found } = await deliveries.list(tenant, { ...ONE, user }, { limit: 10 })
        expect(found, user).toMatchObject([expected])
        expect(Object.keys(found[0]?.times ?? {})).toHaveLength(5)
      }
    })

    test.each([false, true])(
      'are listed by the hundred in pages, each once (toAudience: %s)',
      async (toAudience) => {
        const { deliveries } = store()
        const tenant = freshTenant()
        const users = Array.from({ length: 350 }, (_, index) => `user-${index}@example.org`)
        const changes = users.flatMap((user) => [
          change('sent', T, { user, toAudience }),
          change(user.includes('7') ? 'failed' : 'requested', T, {
            user,
            toAudience,
            step: 1,
            channel: 'push',
            device: 'phone',
            reason: 'gone',
          }),
        ])
        await deliveries.record(tenant, changes)
        await deliveries.record(tenant, [change('sent', T, { notification: 'order-2', toAudience })])
        await deliveries.record(freshTenant(), [change('sent', T, { toAudience })])
        const met = await listAll(store(), tenant, { id: 'order-1', toAudience })
        expect(met).toHaveLength(700)
        expect(new Set(met.map(placeOf))).toEqual(
          new Set(users.flatMap((user) => [`${user} 0 null`, `${user} 1 phone`])),
        )
        const failed = users.filter((user) => user.includes('7')).length
        expect(await deliveries.sum(tenant, { id: 'order-1', toAudience })).toEqual({
          email: { sent: 350 },
          push: { failed, requested: 350 - failed },
        })
      },
    )

    test.each([false, true])(
      'are listed for one user after a cursor (toAudience: %s)',
      async (toAudience) => {
        const { deliveries } = store()
        const tenant = freshTenant()
        const devices = ['', 'a', 'b']
        await deliveries.record(
          tenant,
          ['ada', 'adam', 'bob'].flatMap((user) =>
            [0, 1].flatMap((step) =>
              devices.map((device) => change('sent', T, { user, step, device, toAudience })),
            ),
          ),
        )
        const notification = { id: 'order-1', toAudience, user: 'ada' }
        const all = await listAll(store(), tenant, notification)
        expect(all.map(placeOf)).toEqual(
          [0, 1].flatMap((step) => [`ada ${step} null`, `ada ${step} a`, `ada ${step} b`]),
        )
        const first = await deliveries.list(tenant, notification, { limit: 4 })
        const rest = await deliveries.list(tenant, notification, { limit: 4, after: first.next ?? '' })
        expect([...first.deliveries, ...rest.deliveries]).toEqual(all)
        expect(rest.next).toBeUndefined()
      },
    )

    test.each([false, true])(
      'are returned for many recipients, in the given order (toAudience: %s)',
      async (toAudience) => {
        const { deliveries } = store()
        const tenant = freshTenant()
        const users = Array.from({ length: 300 }, (_, index) => `user-${index}`)
        const notifications = ['order-1', 'order-2']
        await deliveries.record(
          tenant,
          notifications.flatMap((notification) =>
            users.flatMap((user) => [
              change('sent', T, { notification, user, toAudience }),
              change('failed', T, { notification, user, toAudience, device: 'phone', reason: 'gone' }),
            ]),
          ),
        )
        const asked = users
          .toReversed()
          .flatMap((user) => notifications.map((id) => ({ id, toAudience, user })))
          .concat(
            { id: 'order-3', toAudience, user: 'user-1' },
            { id: 'order-1', toAudience, user: 'user-7' },
          )
        const found = await deliveries.of(tenant, asked)
        expect(found).toHaveLength(asked.length)
        for (const [place, { id, user }] of asked.entries())
          expect(
            found[place]?.map((row) => [row.notification, row.user, row.device, row.state]).sort(),
          ).toEqual(
            id === 'order-3'
              ? []
              : [
                  [id, user, null, 'sent'],
                  [id, user, 'phone', 'failed'],
                ],
          )
        expect(await deliveries.of(tenant, [])).toEqual([])
        expect(await deliveries.of(freshTenant(), asked.slice(0, 1))).toEqual([[]])
      },
    )

    test('are not returned for another tenant or notification', async () => {
      const { deliveries } = store()
      const tenant = freshTenant()
      await deliveries.record(tenant, [change('sent', T)])
      await deliveries.record(tenant, [])
      expect(await deliveries.list(freshTenant(), ONE, { limit: 5 })).toEqual({ deliveries: [] })
      expect(await deliveries.list(tenant, { ...ONE, id: 'order' }, { limit: 5 })).toEqual({ deliveries: [] })
      expect(await deliveries.sum(freshTenant(), ONE)).toEqual({})
      for (const after of ['', 'x', 'null', '{}', '["ada"]', '["ada","0",""]'])
        await expect(deliveries.list(tenant, ONE, { after, limit: 5 })).rejects.toMatchObject({
          problem: { code: 'cursor_invalid' },
        })
    })
  })
}
