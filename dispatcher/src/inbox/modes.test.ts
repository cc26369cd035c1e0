import type { LiveMessage } from '@carillon/core/live/port'
import type { PlanStep } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const step = (when: PlanStep['when'], after = 0): PlanStep => ({ channel: 'email', when, after })

/** Opens a world with a mail account, where ada has an address, and records the live messages. */
const open = async () => {
  const mail = scripted('mail', ['email'])
  const push = scripted('fcm', ['push'], { needs: 'device' })
  world = await openWorld({ providers: providersOf(mail, push) })
  for (const { provider } of [mail, push]) await world.account(provider.name)
  await world.person('ada', { email: 'ada@example.org' })
  const live: LiveMessage[] = []
  const deliver = world.live.deliver
  vi.spyOn(world.live, 'deliver').mockImplementation((messages) => {
    live.push(...messages)
    return deliver(messages)
  })
  return { ...world, mail, push, handedOver: live }
}

const inboxOf = async ({ store, tenant }: World) =>
  (await store.inbox.page({ tenant, user: 'ada' }, { status: 'active', limit: 10 })).items

test('an item is announced as its type says, also in the live message', async () => {
  const { handedOver, quiet, send, store, tenant } = await open()
  await store.types.put(tenant, { key: 'maintenance', display: 'banner' })
  await send({ to: 'ada', type: 'maintenance', title: 'Read-only on Sunday' })
  await send({ to: 'ada', type: 'other', title: 'Hi' })
  await quiet()
  const items = (await inboxOf(world)).map(({ title, display }) => [title, display])
  expect(items).toEqual(
    expect.arrayContaining([
      ['Read-only on Sunday', 'banner'],
      ['Hi', undefined],
    ]),
  )
  expect(JSON.stringify(handedOver)).toContain('"display":"banner"')
})

describe('inbox: none', () => {
  test("stores no item, and runs the plan with the notification's content", async () => {
    const { handedOver, ledger, mail, quiet, send, store, tenant } = await open()
    await store.types.put(tenant, {
      key: 'receipt',
      category: 'billing',
      inbox: 'none',
      plan: [step('unread')],
    })
    await send({ id: 'n1', to: 'ada', type: 'receipt', title: 'Your receipt', body: 'EUR 12' })
    await until(() => expect(mail.got).toHaveLength(1))
    await quiet()
    expect(mail.got[0]?.content).toMatchObject({ title: 'Your receipt', body: 'EUR 12', category: 'billing' })
    expect(await inboxOf(world)).toEqual([])
    expect(handedOver).toEqual([])
    expect(await ledger('n1', 'ada')).toMatchObject([{ channel: 'email', state: 'sent' }])
    const record = await store.notifications.get(tenant, 'n1')
    expect(record).toMatchObject({
      inbox: 'none',
      version: 1,
      recipients: 1,
      users: ['ada'],
      absent: ['ada'],
    })
  })

  test.each(['always', 'unseen', 'unread', 'undelivered', 'offline'] as const)('%s is true', async (when) => {
    const { mail, send } = await open()
    await send({ to: 'ada', type: 'x', title: 'Hi', inbox: 'none', plan: [step(when)] })
    await until(() => expect(mail.got).toHaveLength(1))
  })

  test('queries presence when an `offline` step is due', async () => {
    const { ledger, live, mail, quiet, send } = await open()
    vi.spyOn(live, 'presence').mockResolvedValue(['here'])
    await send({ id: 'n1', to: 'ada', type: 'x', title: 'Hi', inbox: 'none', plan: [step('offline')] })
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'skipped', reason: 'online' }]),
    )
    await quiet()
    expect(mail.got).toEqual([])
  })

  test('ends pending steps as cancelled when the notification is cancelled', async () => {
    const { ledger, mail, quiet, send, store, tenant } = await open()
    await send({ id: 'n1', to: 'ada', type: 'x', title: 'Hi', inbox: 'none', plan: [step('unread', 1)] })
    await until(async () => expect(await store.notifications.get(tenant, 'n1')).toBeDefined())
    await store.notifications.cancel(tenant, 'n1', Date.now())
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'skipped', reason: 'cancelled' }]),
    )
    await quiet()
    expect(mail.got).toEqual([])
  })

  test('delivers nothing to erased users, and delivers to users put again', async () => {
    const { mail, person, quiet, send, store, tenant } = await open()
    await store.users.remove(tenant, 'ada')
    const note = { to: 'ada', type: 'x', title: 'Hi', inbox: 'none' as const, plan: [step('always')] }
    await send({ ...note, id: 'order-1' })
    await quiet()
    expect(mail.got).toEqual([])
    const [decision] = await store.decisions.of(tenant, { id: 'order-1', toAudience: false, user: 'ada' })
    expect(decision).toMatchObject({ stage: 'audience', outcome: 'end', by: 'tenant', reason: 'erased' })
    await person('ada', { email: 'ada@example.org' })
    await send({ ...note, id: 'order-2' })
    await until(() => expect(mail.got).toHaveLength(1))
  })
})

describe('inbox: silent', () => {
  test('stores an item that is counted, and sent live as silent, but not pushed', async () => {
    const { handedOver, ledger, mail, quiet, send, store, tenant } = await open()
    await store.devices.put(tenant, 'ada', {
      id: 'phone',
      device: { kind: 'fcm', token: 'token-of-the-phone-of-ada' },
      createdAt: 1,
    })
    const plan: PlanStep[] = [{ channel: 'push', when: 'always', after: 0 }, step('always')]
    await send({ id: 'n1', to: 'ada', type: 'x', title: 'Hi', inbox: 'silent', plan })
    await until(() => expect(mail.got).toHaveLength(1))
    await quiet()
    expect(await inboxOf(world)).toMatchObject([{ title: 'Hi', silent: true }])
    expect((await store.inbox.counts({ tenant, user: 'ada' })).counts).toEqual({ unread: 1, unseen: 1 })
    expect(handedOver).toMatchObject([
      { event: 'inbox.added', payload: { silent: true, item: { silent: true } } },
    ])
    expect(await ledger('n1', 'ada')).toMatchObject([
      { channel: 'push', state: 'skipped', reason: 'silent' },
      { channel: 'email', state: 'sent' },
    ])
  })

  test('on the notification overrides its type', async () => {
    const { handedOver, quiet, send, store, tenant } = await open()
    await store.types.put(tenant, { key: 'x', inbox: 'silent' })
    await send({ to: 'ada', type: 'x', title: 'loud', inbox: 'shown' })
    await quiet()
    expect((await inboxOf(world))[0]?.silent).toBeUndefined()
    expect(handedOver[0]?.payload).not.toHaveProperty('silent')
  })
})
