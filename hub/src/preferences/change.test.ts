import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'
import { createChangePreferences } from './change.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

it('counts a live message for each context that changed', async () => {
  const { metrics, store } = test.ports
  const tenant = await test.tenant()
  const change = createChangePreferences({ preferences: store.preferences, ...test.ports })
  const sent = async () => (await metrics.live.get()).values.reduce((sum, { value }) => sum + value, 0)
  const before = await sent()
  const choice = { path: '/muted', value: true }
  await change(
    { tenant: tenant.id, user: 'ann' },
    {
      changes: [choice, { ...choice, context: 'org-7' }, { ...choice, context: 'org-8' }],
      via: 'api',
      by: 'k',
    },
  )
  expect((await sent()) - before).toBe(3)
})
