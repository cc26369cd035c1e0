import type { NotificationSummary } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

export const LISTING: Scenario = {
  title: 'notifications are listed by user, type and state',
  run: async ({ ok, send }) => {
    const list = async (query: Record<string, string> = {}) => {
      const page = await ok<{ notifications: NotificationSummary[]; next: string | null }>(
        'GET',
        `/v1/notifications?${new URLSearchParams(query)}`,
      )
      return page.notifications.map(({ id }) => id)
    }
    const first = await send({ to: ['ada', 'bob'] })
    const second = await send({ id: 'order-7', to: 'bob' })
    const waiting = await send({ to: 'ada', deliverAt: new Date(Date.now() + 3_600_000).toISOString() })
    await ok('PUT', '/v1/topics/team/members/ada')
    const topic = await send({ to: { topic: 'team' } })
    await eventually(async () => expect(await list()).toEqual([topic, waiting, second, first]))
    expect(await list({ user: 'ada' })).toEqual([topic, waiting, first])
    expect(await list({ user: 'bob' })).toEqual([second, first])
    expect(await list({ state: 'scheduled' })).toEqual([waiting])
    expect(await list({ type: 'other' })).toEqual([])
    await ok('DELETE', `/v1/notifications/${waiting}`)
    expect(await list({ state: 'cancelled', user: 'ada' })).toEqual([waiting])
  },
}
