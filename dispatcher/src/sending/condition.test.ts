import type { PlanStep } from '@carillon/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { providersOf, scripted } from './testing/scripted.ts'

const open = async () => {
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const mail = scripted('mail', ['email'])
  const fcm = scripted('fcm', ['push'], { needs: 'device', repeatable: true })
  const world = await openWorld({ providers: providersOf(sms, mail, fcm) })
  for (const { provider } of [sms, mail, fcm]) await world.account(provider.name)
  await world.person('ada', {
    ...{ email: 'ada@example.org', phone: '+351911111111' },
    attributes: { plan: 'free' },
  })
  return { ...world, sms, mail, fcm }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  world = await open()
})
afterEach(() => world.close())

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const states = async (id: string) =>
  (await world.ledger(id, 'ada')).map(({ channel, state }) => `${channel} ${state}`).sort()
const reasons = async (id: string) =>
  (await world.store.decisions.of(world.tenant, { id, toAudience: false, user: 'ada' })).map(
    ({ stage, step, outcome, by, path, reason }) => [stage, step, outcome, by, path, reason].join(' '),
  )
const sms = { channel: 'sms', when: 'always', after: 0 } as const
const PRO = "user.attributes.plan == 'pro'"

/** Sends a notification of a type with this plan. */
const send = async (plan: PlanStep[], data = {}) => {
  await world.store.types.put(world.tenant, { key: 'bill', plan })
  await world.send({ id: 'n1', to: 'ada', type: 'bill', title: 'Your bill', data })
}

test('a step is sent if its condition holds', async () => {
  await send([{ ...sms, if: `data.amount > 100 && !(${PRO})` }], { amount: 101 })
  await until(async () => expect(await states('n1')).toEqual(['sms sent']))
})

test('a step whose condition does not hold makes the next one due at once if that waits for a failure', async () => {
  await send([
    { ...sms, if: PRO },
    { channel: 'email', when: 'failed', after: 0 },
  ])
  await until(async () => expect(await states('n1')).toEqual(['email sent', 'sms skipped']))
  expect(await reasons('n1')).toEqual(['condition 0 skip type plan.0.if condition_false'])
  expect(world.sms.got).toEqual([])
})

test('any other step waits for its own time', async () => {
  await send([
    { ...sms, if: PRO },
    { channel: 'email', when: 'unread', after: 2 },
  ])
  await until(async () => expect(await states('n1')).toEqual(['sms skipped']))
  expect(world.mail.got).toEqual([])
  await until(async () => expect(await states('n1')).toEqual(['email sent', 'sms skipped']))
})

test('a condition that fails counts as false, is on record and is counted', async () => {
  await send([{ ...sms, if: '!data.vip' }])
  await until(async () => expect(await states('n1')).toEqual(['sms skipped']))
  expect(await reasons('n1')).toEqual(['condition 0 skip type plan.0.if condition_error'])
  const [decision] = await world.store.decisions.of(world.tenant, {
    id: 'n1',
    toAudience: false,
    user: 'ada',
  })
  const detail = 'character 7: no such key: vip'
  expect(decision).toMatchObject({ detail })
  const [row] = await world.ledger('n1', 'ada')
  expect(row).toMatchObject({ reason: 'condition_error', detail })
  const { values } = await world.metrics.decisions.get()
  expect(values.find(({ labels }) => labels.reason === 'condition_error')).toMatchObject({ value: 1 })
})

test("a condition in a notification's own plan is the sender's, and holds for devices too", async () => {
  await world.store.devices.put(world.tenant, 'ada', {
    id: 'phone',
    device: { kind: 'fcm', token: 'token-of-the-phone' },
    createdAt: Date.now(),
  })
  const push = { channel: 'push', when: 'always', after: 0 } as const
  const note = { to: 'ada', type: 'x', title: 'Your bill' }
  await world.send({ ...note, id: 'n1', plan: [{ ...push, if: "user.attributes.plan == 'free'" }] })
  await until(async () => expect(await states('n1')).toEqual(['push sent']))
  await world.send({ ...note, id: 'n2', plan: [{ ...push, if: PRO }] })
  await until(async () => expect(await states('n2')).toEqual(['push skipped']))
  expect(await reasons('n2')).toEqual(['condition 0 skip sender plan.0.if condition_false'])
})

test('a plan whose condition cannot be used becomes a dead letter', async () => {
  await world.send({ to: 'ada', type: 'x', plan: [{ ...sms, if: 'data.a ==' }] })
  await until(async () =>
    expect(await world.deadLetters()).toEqual([
      { code: 'invalid_request', detail: expect.stringMatching(/^\/plan\/0\/if: character \d+: /) },
    ]),
  )
})
