import { describe, expect, test } from 'vitest'
import type { Decision } from '../../routing/decision.ts'
import type { Store } from '../port.ts'
import type { DecisionEntry } from '../ports/decisions.ts'
import { freshTenant } from './samples.ts'

const T = Date.UTC(2026, 0, 31, 9)

const excluded: Decision = { at: T, stage: 'audience', outcome: 'end', by: 'sender', reason: 'excluded' }
const waits: Decision = {
  ...{ at: T + 5, stage: 'condition', channel: 'email', step: 1, outcome: 'wait', by: 'system' },
  ...{ path: 'plan.1.when', reason: 'online', until: T + 60_000 },
}
const skipped: Decision = { ...waits, at: T + 9, outcome: 'skip', reason: 'no_address', until: undefined }

export const decisionsContract = (store: () => Store): void => {
  describe.each([false, true])('decisions (toAudience: %s)', (toAudience) => {
    const entry = (user: string, decision: Decision, notification = 'order-1'): DecisionEntry => ({
      notification,
      user,
      toAudience,
      decision,
    })
    const of = (tenant: string, user: string, id = 'order-1') =>
      store().decisions.of(tenant, { id, toAudience, user })

    test('are returned for one user and for all recipients, in order of time', async () => {
      const { decisions } = store()
      const tenant = freshTenant()
      await decisions.record(tenant, [entry('ada', skipped), entry('ada', waits), entry('bob', excluded)])
      await decisions.record(tenant, [entry('', { ...excluded, at: T + 7, reason: 'cancelled' })])
      await decisions.record(tenant, [])
      const { until: _, ...kept } = skipped
      expect(await of(tenant, 'ada')).toEqual([waits, { ...excluded, at: T + 7, reason: 'cancelled' }, kept])
      expect((await of(tenant, 'bob')).map(({ reason }) => reason)).toEqual(['excluded', 'cancelled'])
      expect((await of(tenant, 'eve')).map(({ reason }) => reason)).toEqual(['cancelled'])
    })

    test('are one row if repeated, with the latest time', async () => {
      const { decisions } = store()
      const tenant = freshTenant()
      await decisions.record(tenant, [entry('ada', excluded), entry('ada', excluded)])
      await decisions.record(tenant, [entry('ada', { ...excluded, at: T + 3 })])
      expect(await of(tenant, 'ada')).toEqual([{ ...excluded, at: T + 3 }])
    })

    test('of another tenant or notification are not returned', async () => {
      const { decisions } = store()
      const tenant = freshTenant()
      await decisions.record(tenant, [entry('ada', excluded), entry('ada', waits, 'order-2')])
      expect(await of(freshTenant(), 'ada')).toEqual([])
      expect(await of(tenant, 'ada', 'order')).toEqual([])
      expect(await of(tenant, 'ada', 'order-2')).toEqual([waits])
    })

    test('are recorded for hundreds of users at once', async () => {
      const { decisions } = store()
      const tenant = freshTenant()
      const users = Array.from({ length: 700 }, (_, n) => `user-${n}@example.org`)
      await decisions.record(
        tenant,
        users.map((user) => entry(user, excluded)),
      )
      for (const user of ['user-0@example.org', 'user-699@example.org'])
        expect(await of(tenant, user)).toEqual([excluded])
    })
  })
}
