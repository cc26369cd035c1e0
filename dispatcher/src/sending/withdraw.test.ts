import type { Provider } from '@carillon/core/delivery/provider'
import { pushKey } from '@carillon/core/delivery/push-key'
import { createPushUpdates, pushUpdateMessage, UPDATE_WINDOW_MS } from '@carillon/core/delivery/push-updates'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { expect, test } from 'vitest'
import { WITHDRAW_MAX } from './obsolete-pushes.ts'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()
const KINDS = { fcm: 'token-of-a-phone-0123', apns: 'ab'.repeat(32) } as const

/** Opens a world in which ada has an Android phone, an iPhone and a browser. */
const withDevices = async () => {
  const google = scripted('fcm', ['push'], { needs: 'device' })
  const apple = scripted('apns', ['push'], { needs: 'device' })
  const browsers = scripted('web-push', ['push'], { needs: 'device' })
  const world = await open({ providers: providersOf(google, apple, browsers) })
  const { tenant, store } = world
  for (const provider of ['fcm', 'apns', 'web-push']) await world.account(provider)
  for (const [kind, token] of Object.entries(KINDS))
    await store.devices.put(tenant, 'ada', { id: kind, device: { kind, token } as never, createdAt: 1 })
  const browser = {
    kind: 'web-push',
    endpoint: 'https://push.example/1',
    keys: { p256dh: 'x', auth: 'y' },
  } as const
  await store.devices.put(tenant, 'ada', { id: 'browser', device: browser, createdAt: 1 })
  const owner = { tenant, user: 'ada' }
  return {
    ...{ world, google, apple, browsers, owner },
    /** Sends a push to every device, and returns the item. */
    push: async (id: string, more = {}) => {
      await world.send(note(id, [step('push')], more))
      for (const { got } of [google, apple, browsers])
        await until(() => expect(got.map(({ notification }) => notification)).toContain(id))
      await until(async () => {
        const shown = (await store.shownPushes.of(tenant, ['ada'])).get('ada') ?? []
        const item = browsers.got.find(({ notification }) => notification === id)?.item ?? ''
        expect(shown.filter(({ items }) => items.includes(item))).toHaveLength(2)
      })
      return browsers.got.find(({ notification }) => notification === id)?.item ?? ''
    },
    read: (item: string) => store.inbox.change(owner, [item], () => ({ readAt: new Date().toISOString() })),
    /** Publishes an update that is due. */
    update: async (attempt = 1) => {
      await world.stream.publish([
        pushUpdateMessage(tenant, { user: 'ada', attempt }, Date.now() - 2 * UPDATE_WINDOW_MS),
      ])
      await world.quiet()
    },
    updates: ({ got }: typeof google) => got.flatMap(({ update }) => update ?? []),
  }
}

test('apps are updated once about items that were read, with the unread count; browsers are not', async () => {
  const { google, apple, browsers, push, read, update, updates } = await withDevices()
  const [first, second] = [await push('n1'), await push('n2')]
  await update()
  expect([updates(google), updates(apple)]).toEqual([[], []])
  await read(first)
  await update()
  await update()
  const expected = { badge: 1, replace: [], withdraw: [pushKey({ item: first, key: '' })] }
  await until(() => expect([updates(google), updates(apple)]).toEqual([[expected], [expected]]))
  expect(google.got.at(-1)).toMatchObject({ content: {}, priority: 'low', address: { id: 'fcm' } })
  await read(second)
  await update()
  // A device that was offline gets only the last update, so it repeats the earlier ones.
  await until(() => {
    const last = updates(google).at(-1)
    expect(last?.badge).toBe(0)
    expect(new Set(last?.withdraw)).toEqual(
      new Set([first, second].map((item) => pushKey({ item, key: '' }))),
    )
  })
  expect(updates(browsers)).toEqual([])
})

test('a push is recorded before it is sent', async () => {
  const google = scripted('fcm', ['push'], { needs: 'device' })
  const recorded: unknown[] = []
  const provider: Provider<unknown> = {
    ...google.provider,
    open: (config, tools) => ({
      ...google.provider.open(config, tools),
      send: async ({ item = '' }) => {
        const shown = await world.store.shownPushes.of(world.tenant, ['ada'])
        recorded.push(...(shown.get('ada') ?? []).map(({ items }) => items.includes(item)))
        return { outcome: 'sent' }
      },
    }),
  }
  const world = await open({ providers: providersOf({ provider }) })
  const phone = { id: 'phone', device: { kind: 'fcm', token: KINDS.fcm }, createdAt: 1 } as const
  await world.store.devices.put(world.tenant, 'ada', phone)
  await world.account('fcm')
  await world.send(note('n1', [step('push')]))
  await until(() => expect(recorded).toEqual([true]))
})

test('an update goes through the account that sent the last push', async () => {
  const google = scripted('fcm', ['push'], { needs: 'device' })
  const asked: [account: string, update: boolean][] = []
  const provider: Provider<unknown> = {
    ...google.provider,
    open: (config, tools) => ({
      ...google.provider.open(config, tools),
      send: async ({ update }) => {
        asked.push([tools.account, update !== undefined])
        return { outcome: 'sent' }
      },
    }),
  }
  const world = await open({ providers: providersOf({ provider }) })
  const { tenant, store, stream } = world
  await store.devices.put(tenant, 'ada', {
    ...{ id: 'phone', device: { kind: 'fcm', token: KINDS.fcm }, createdAt: 1 },
  })
  await world.account('fcm', { id: 'this-app', order: 2 })
  await world.send(note('n1', [step('push')]))
  const shown = async () => (await store.shownPushes.of(tenant, ['ada'])).get('ada') ?? []
  await until(async () => expect(await shown()).toMatchObject([{ account: 'this-app' }]))
  await world.account('fcm', { id: 'other-app', order: 1 })
  await store.inbox.remove({ tenant, user: 'ada' }, (await shown())[0]?.items ?? [])
  await stream.publish([
    pushUpdateMessage(tenant, { user: 'ada', attempt: 1 }, Date.now() - 2 * UPDATE_WINDOW_MS),
  ])
  await until(() =>
    expect(asked).toEqual([
      ['this-app', false],
      ['this-app', true],
    ]),
  )
})

test('deleted and archived items are withdrawn; a removed device is forgotten', async () => {
  const { world, google, apple, push, update, updates, owner } = await withDevices()
  const { inbox, devices, shownPushes } = world.store
  const [first, second] = [await push('n1'), await push('n2')]
  await inbox.remove(owner, [first])
  await inbox.change(owner, [second], () => ({ archivedAt: new Date().toISOString() }))
  await devices.remove(owner.tenant, 'ada', ['apns'])
  await update()
  await until(() => expect(updates(google)).toMatchObject([{ badge: 0 }]))
  expect(updates(google)[0]?.withdraw).toHaveLength(2)
  expect(updates(apple)).toEqual([])
  await until(async () => {
    const left = (await shownPushes.of(owner.tenant, ['ada'])).get('ada') ?? []
    expect(left.map(({ device, withdrawnAt }) => [device, withdrawnAt !== undefined])).toEqual([
      ['fcm', true],
      ['fcm', true],
    ])
  })
})

test('apps get the new texts of an item that was replaced, once', async () => {
  const { google, apple, push, update, updates, owner, world } = await withDevices()
  const item = await push('n1')
  const rewrite = (title: string) =>
    world.store.inbox.rewrite(owner, [item], (before) => ({ ...before, title }), Date.now() + 1)
  await rewrite('Delivered 🎉 '.repeat(30))
  await update()
  await update()
  const tag = pushKey({ item, key: '' })
  const texts = { tag, title: expect.stringMatching(/^Delivered 🎉 .{1,48}…$/u) }
  const expected = { badge: 1, withdraw: [], replace: [texts] }
  await until(() => expect([updates(google), updates(apple)]).toMatchObject([[expected], [expected]]))
})

test('apps get the new texts even if the replacement was requested before the push was sent', async () => {
  const { google, push, update, updates, owner, world } = await withDevices()
  const requestedAt = Date.now() - 60_000
  const item = await push('n1')
  await world.store.inbox.rewrite(owner, [item], (before) => ({ ...before, title: 'Arrived' }), requestedAt)
  await update()
  const replace = [{ tag: pushKey({ item, key: '' }), title: 'Arrived' }]
  await until(() => expect(updates(google)).toMatchObject([{ replace }]))
})

test('pushes that do not fit into an update are withdrawn by the next one', async () => {
  const { google, update, updates, owner, world } = await withDevices()
  const place = { user: 'ada', device: 'fcm', account: 'fcm', sentAt: Date.now() }
  const keys = Array.from({ length: WITHDRAW_MAX + 1 }, (_, n) => `key-${n}`)
  await world.store.shownPushes.put(
    owner.tenant,
    keys.map((key) => ({ ...place, key, items: [`removed-${key}`] })),
  )
  // Only updates that fail count as attempts.
  await update(5)
  await until(() => expect(world.dueAt()).toBeGreaterThan(Date.now()))
  await update()
  await until(() =>
    expect(new Set(updates(google).flatMap(({ withdraw }) => withdraw))).toEqual(new Set(keys)),
  )
})

test('a notification that replaces an item replaces the texts of its push', async () => {
  const { google, push, update, updates, world, owner } = await withDevices()
  const order = { entity: 'order/9', replace: true }
  const item = await push('n1', { ...order, title: 'Sent' })
  await world.send(note('n2', [step('push')], { ...order, title: 'Arrived' }))
  await until(async () =>
    expect(await world.store.inbox.get(owner, [item])).toMatchObject([{ title: 'Arrived' }]),
  )
  await until(() => expect(world.dueAt()).toBeGreaterThan(Date.now()))
  expect(updates(google)).toEqual([])
  await update()
  await until(() => expect(updates(google)).toMatchObject([{ replace: [{ title: 'Arrived' }] }]))
})

test('an update in doubt is sent again, because a repeated update changes nothing', async () => {
  const { world, google, push, read, update, updates } = await withDevices()
  const item = await push('n1')
  await read(item)
  google.say(() => ({ outcome: 'doubt', reason: 'connection_lost', detail: 'reset' }))
  await update()
  await until(() => expect(world.dueAt()).toBeGreaterThan(Date.now()))
  google.say(() => ({ outcome: 'sent' }))
  await update(2)
  await until(() => expect(updates(google)).toHaveLength(2))
})

test('a device that no longer exists is deleted, and the others stay', async () => {
  const { world, google, apple, push, read, update, updates, owner } = await withDevices()
  const item = await push('n1')
  await read(item)
  google.say(() => ({ outcome: 'refused', reason: 'unregistered', detail: 'HTTP 404', forget: 'device' }))
  apple.say(() => ({ outcome: 'refused', reason: 'bad_topic', detail: 'HTTP 400' }))
  await update()
  const { devices, shownPushes } = world.store
  await until(async () => {
    const left = (await devices.of(owner.tenant, ['ada'])).get('ada') ?? []
    expect(new Set(left.map(({ id }) => id))).toEqual(new Set(['apns', 'browser']))
  })
  await until(async () => expect((await shownPushes.of(owner.tenant, ['ada'])).get('ada') ?? []).toEqual([]))
  expect([updates(google).length, updates(apple).length]).toEqual([1, 1])
})

test('an update that cannot be sent is retried a limited number of times', async () => {
  const { world, google, push, read, update, updates } = await withDevices()
  const item = await push('n1')
  await read(item)
  google.say(() => ({ outcome: 'retry', reason: 'unreachable', detail: 'gone', scope: 'recipient' }))
  await update(5)
  await until(() => expect(updates(google)).toHaveLength(1))
  await world.quiet()
  expect(world.dueAt()).toBeUndefined()
  await update(1)
  await until(() => expect(world.dueAt()).toBeGreaterThan(Date.now()))
  google.say(() => ({ outcome: 'sent' }))
  await update(2)
  await until(() => expect(updates(google).length).toBeGreaterThan(1))
})

test('forged updates are dead letters, and those of unknown users do nothing', async () => {
  const { world } = await withDevices()
  const { tenant, raw, deadLetters } = world
  for (const body of [
    '{"update":7}',
    '{"update":{"user":7}}',
    '{"update":{"__proto__":{"user":"ada"}}}',
    '{"up',
  ])
    await raw(`work.step.push.low.${tenant}`, body)
  await until(async () => expect(await deadLetters()).toHaveLength(4))
  await raw(`work.step.push.low.${tenant}`, '{"update":{"user":"nobody"}}')
  await world.quiet()
  expect(await deadLetters()).toHaveLength(4)
})

test('updates of a user collapse within a window, and users without shown pushes get none', async () => {
  const messages: { at: number; key: string }[] = []
  const shown = { user: 'ada', device: 'fcm', key: 'k', items: ['1', '2'], account: 'fcm', sentAt: 1 }
  const updates = createPushUpdates({
    shownPushes: {
      of: async (_, users) =>
        new Map(users.includes('ada') ? [['ada', [shown, { ...shown, items: ['9'], withdrawnAt: 2 }]]] : []),
    },
    stream: {
      publish: async (some: OutgoingMessage[]) => {
        messages.push(...some.flatMap(({ schedule }) => schedule ?? []))
      },
    } as never,
    log: { warn: () => {} },
  })
  await updates('t', [])
  await updates('t', [{ user: 'ada', items: [] }])
  await updates('t', [{ user: 'ada', items: ['3', '9'] }])
  await updates('t', [{ user: 'bob', items: 'all' }])
  expect(messages).toEqual([])
  await updates('t', [
    { user: 'ada', items: ['2'] },
    { user: 'ada', items: 'all' },
    { user: 'bob', items: ['2'] },
  ])
  expect(messages).toHaveLength(1)
  const at = (user: string, now: number) => pushUpdateMessage('t', { user, attempt: 1 }, now).schedule
  const times = Array.from({ length: 100 }, (_, n) => at('ada', 1_000_000 + n * 1_000))
  expect(new Set(times.map((time) => time?.key)).size).toBe(1)
  expect(new Set(times.map((time) => time?.at)).size).toBeLessThanOrEqual(11)
  for (const [n, time] of times.entries()) {
    const wait = (time?.at ?? 0) - (1_000_000 + n * 1_000)
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(UPDATE_WINDOW_MS)
  }
  expect(at('bob', 1_000_000)?.key).not.toBe(times[0]?.key)
})
