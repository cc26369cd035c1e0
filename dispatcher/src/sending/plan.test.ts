import { deliveryKey, type Step, stepMessage } from '@carillon/core/delivery/step'
import type { Channel, PlanStep } from '@carillon/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { providersOf, scripted } from './testing/scripted.ts'

const open = async () => {
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const mail = scripted('mail', ['email'])
  const fcm = scripted('fcm', ['push'], { needs: 'device', repeatable: true })
  const world = await openWorld({ providers: providersOf(sms, mail, fcm) })
  for (const { provider } of [sms, mail, fcm]) await world.account(provider.name)
  await world.person('ada', { email: 'ada@example.org', phone: '+351911111111' })
  return { ...world, sms, mail, fcm }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  world = await open()
})
afterEach(() => world.close())

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const step = (channel: Channel, when: PlanStep['when'] = 'always') => ({ channel, when, after: 0 })
const note = (id: string, ...plan: PlanStep[]) => ({ id, to: 'ada', type: 'bill', title: 'Your bill', plan })
const states = async (id: string) =>
  (await world.ledger(id, 'ada')).map(({ channel, state }) => `${channel} ${state}`).sort()

const REFUSED = { outcome: 'refused', reason: 'unregistered', detail: '404' } as const

test('a step does not wait for the provider of the previous one', async () => {
  const { ledger, mail, send, sms } = world
  let release = () => {}
  const stuck = new Promise<void>((resolve) => {
    release = resolve
  })
  sms.say(() => stuck.then(() => ({ outcome: 'sent' })))
  await send(note('n1', step('sms'), step('email')))
  await until(() => expect(mail.got).toHaveLength(1))
  expect((await ledger('n1', 'ada')).filter(({ channel }) => channel === 'sms')).toEqual([])
  release()
  await until(async () => expect(await states('n1')).toEqual(['email sent', 'sms sent']))
  expect([sms.got.length, mail.got.length]).toEqual([1, 1])
})

test.each(['failed', 'undelivered'] as const)(
  'makes a step that is wanted when %s due once if several devices fail together',
  async (when) => {
    const { deadLetters, fcm, mail, quiet, send, store, tenant } = world
    for (const id of ['a', 'b', 'c'])
      await store.devices.put(tenant, 'ada', {
        id,
        device: { kind: 'fcm', token: `token-of-the-device-${id}` },
        createdAt: Date.now(),
      })
    let refuse = () => {}
    const together = new Promise<void>((resolve) => {
      refuse = resolve
    })
    fcm.say(async (_, call) => {
      if (call === 3) refuse()
      await together
      return REFUSED
    })
    await send(note('n1', step('push'), { ...step('email', when), after: when === 'failed' ? 0 : 3_600 }))
    await until(async () =>
      expect(await states('n1')).toEqual(['email sent', 'push failed', 'push failed', 'push failed']),
    )
    await quiet()
    expect(mail.got).toHaveLength(1)
    expect(await deadLetters()).toEqual([])
  },
)

test.each([
  { other: 'sent', mails: 0 },
  { other: 'failed', mails: 1 },
] as const)(
  'makes the next step due when a device is gone, unless another was reached: $other',
  async (scene) => {
    const { deadLetters, mail, quiet, send, store, stream, tenant } = world
    const plan = [{ ...step('push', 'unread'), after: 3_600 }, step('email', 'failed')]
    await send(note('n1', ...plan))
    const [item] = await until(async () => {
      const { items } = await store.inbox.page({ tenant, user: 'ada' }, { status: 'active', limit: 1 })
      expect(items).toHaveLength(1)
      return items
    })
    const place = {
      notification: 'n1',
      user: 'ada',
      step: 0,
      channel: 'push',
      device: 'a',
      toAudience: false,
    } as const
    await store.deliveries.record(tenant, [{ ...place, state: scene.other, at: Date.now() }])
    const at = Date.now()
    const push = { tenant, user: 'ada', notification: 'n1', item: item?.id, type: 'bill', plan, index: 0 }
    await stream.publish([
      stepMessage({
        ...push,
        priority: 'normal',
        at,
        expiresAt: at + 3_600_000,
        toAudience: false,
        destination: 'b',
      }),
    ])
    await until(async () => expect(await states('n1')).toContain('push skipped'))
    await quiet()
    expect(mail.got).toHaveLength(scene.mails)
    expect(await deadLetters()).toEqual([])
  },
)

test('makes the next step due after a failure, even if the process that recorded it died', async () => {
  const { mail, send, sms, store, tenant } = world
  const died = { tenant, user: 'ada', notification: 'n1', index: 0 } as Step
  const claim = { key: `send:${deliveryKey(died, '')}:1`, value: `another ${Date.now()}`, at: 0 }
  await store.expiringKeys.acquire(tenant, [claim], 60_000)
  const place = {
    notification: 'n1',
    user: 'ada',
    step: 0,
    channel: 'sms',
    device: '',
    toAudience: false,
  } as const
  await store.deliveries.record(tenant, [{ ...place, state: 'failed', at: Date.now(), reason: 'landline' }])
  await send(note('n1', step('sms'), step('email', 'failed')))
  await until(() => expect(mail.got).toHaveLength(1))
  expect(sms.got).toEqual([])
})

test('sends the first messages of an account at the first attempt', async () => {
  const { ledger, mail, person, send } = world
  const opened = vi.spyOn(mail.provider, 'open')
  const people = Array.from({ length: 40 }, (_, n) => `u${n}`)
  for (const user of people) await person(user, { email: `${user}@example.org` })
  await send({ ...note('n1', step('email')), to: people })
  for (const user of people)
    await until(async () => expect(await ledger('n1', user)).toMatchObject([{ state: 'sent', attempts: 1 }]))
  expect(opened).toHaveBeenCalledOnce()
})
