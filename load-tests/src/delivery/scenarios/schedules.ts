import type { InboxPage, Schedule } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const IDS = ['a', 'b', 'c']

export const SCHEDULES: Scenario = {
  title: 'schedules run once at their time; those that are paused or deleted do not',
  run: async ({ ok, token }) => {
    const put = (id: string, more: Partial<Schedule> = {}) =>
      ok('PUT', `/v1/schedules/${id}`, {
        cron: '* * * * *',
        notification: { to: 'ada', type: 'note', title: id },
        ...more,
      })
    await Promise.all(IDS.map((id) => put(id)))
    await put('paused', { paused: true })
    await put('deleted')
    await ok('DELETE', '/v1/schedules/deleted')
    const { runs } = await ok<{ runs: string[] }>('GET', '/v1/schedules/a/next?count=1')
    expect(Date.parse(runs[0] ?? '') - Date.now()).toBeLessThanOrEqual(60_000)

    const titles = async () => {
      const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token('ada'))
      return items.map(({ title }) => title).sort()
    }
    await eventually(async () => expect(await titles()).toEqual(IDS))
    await Promise.all(IDS.map((id) => ok('PATCH', `/v1/schedules/${id}`, { paused: true })))
    expect(await ok('GET', '/v1/schedules/a/next')).toEqual({ runs: [] })
    const { notifications } = await ok<{ notifications: { id: string; type: string }[] }>(
      'GET',
      '/v1/notifications',
    )
    expect(notifications.map(({ id }) => id)).toEqual(IDS.map(() => expect.stringMatching(/^run-/)))
  },
}
