import type { Step } from '@carillon/core/delivery/step'
import { afterEach, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { counted } from '../testing/counted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { fakeTime } from '../testing/timed.ts'
import { closeMessage } from './window-work.ts'

let world: World
afterEach(async () => {
  vi.useRealTimers()
  await world.close()
})

const USERS = Array.from({ length: 120 }, (_, n) => `user-${n}`)

/** Opens a window for each user, which closes at 07:00. Those with an even number have two messages. */
const atNight = async () => {
  const { clock, setTime } = fakeTime('2026-07-06T05:00:00Z')
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const { calls, wrap } = counted()
  world = await openWorld({ wrap, providers: providersOf(sms), clock })
  const { store, tenant } = world
  await world.account('text')
  await store.users.merge(
    tenant,
    USERS.map((id) => ({ id, profile: { phone: '+351911111111', timezone: 'UTC' } })),
  )
  const quietHours = { days: { mon: [['00:00', '07:00'] as [string, string]] } }
  await store.tenants.putSettings(tenant, { defaults: { quietHours } })
  const note = {
    ...{ type: 'note', title: 'Hi' },
    plan: [{ channel: 'sms' as const, when: 'always' as const, after: 0 }],
  }
  await world.send({ ...note, to: USERS })
  await world.send({ ...note, to: USERS.filter((_, n) => n % 2 === 0) })
  await world.quiet()
  return { sms, calls, setTime }
}

test('windows that close together share their reads and writes', async () => {
  const { sms, calls, setTime } = await atNight()
  expect(sms.got).toEqual([])
  calls.clear()
  setTime('2026-07-06T07:00:00Z')
  await world.quiet()
  expect(sms.got.map(({ user }) => user).sort()).toEqual(USERS.toSorted())
  expect(calls.get('digests.close')).toBe(USERS.length)
  // By batches of up to 64 windows, not by window. Sending looks up preferences too.
  expect(calls.get('notifications.put')).toBeLessThan(10)
  expect(calls.get('preferences.get')).toBeLessThan(20)
})

test('a damaged window is a dead letter, and those that close together with it close', async () => {
  const { sms, setTime } = await atNight()
  const { store, tenant, stream } = world
  const closesAt = Date.parse('2026-07-06T07:00:00Z')
  const damaged = { user: 'user-1', window: 'damaged', id: 'damaged' }
  await store.digests.join(tenant, [
    {
      ...damaged,
      ...{ member: 'm', step: JSON.stringify({ step: {} as Step }), at: Date.now(), until: closesAt },
      open: { id: damaged.id, closesAt, about: '{"kind":"digest","channel":"sms","priority":"normal"}' },
    },
  ])
  await stream.publish([closeMessage(tenant, damaged, { kind: 'digest', priority: 'normal', at: closesAt })])
  setTime('2026-07-06T07:00:00Z')
  await world.quiet()
  expect(sms.got).toHaveLength(USERS.length)
  expect((await world.deadLetters()).map(({ code }) => code)).toEqual(['invalid_request'])
})

test('a window whose close arrives several times at once closes once', async () => {
  const { sms, setTime } = await atNight()
  const { store, tenant, stream } = world
  const [window] = await store.digests.open(tenant, ['user-0'])
  setTime('2026-07-06T07:00:00Z')
  const { schedule: _, ...message } = closeMessage(tenant, window!, {
    ...{ kind: 'quiet_hours', priority: 'normal', at: 0 },
  })
  await stream.publish([message, message, message])
  await world.quiet()
  expect(sms.got.filter(({ user }) => user === 'user-0')).toHaveLength(1)
  expect(await world.deadLetters()).toEqual([])
})
