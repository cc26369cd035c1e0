import { UnavailableError } from '@carillon/core/errors'
import { derivedUuid7, dueKey } from '@carillon/core/notification/ids'
import { stampOf } from '@carillon/core/notification/stamp'
import { FOREIGN_IDS } from '@carillon/core/store/contract/samples'
import type { Store } from '@carillon/core/store/port'
import { notifySubject, scheduleSubject, workSubject } from '@carillon/schemas'
import { afterEach, expect, test, vi } from 'vitest'
import { MAX_DELIVERIES } from './consumer/fault-policy.ts'
import { openWorld, type World } from './testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const WAIT = { timeout: 15_000 }

const names = (count: number) => Array.from({ length: count }, (_, index) => `user${index}`)

test("a notification that is sent repeatedly is in its user's inbox once", async () => {
  world = await openWorld()
  for (const dedupe of ['first', 'later'])
    await world.send({ id: 'n1', to: 'ada', type: 'x', title: 'Hi' }, dedupe)
  await world.quiet()
  await world.send({ id: 'n1', to: 'ada', type: 'x', title: 'Hi' }, 'much later')
  await world.quiet()
  expect(await world.titles('ada')).toEqual(['Hi'])
  expect((await world.store.inbox.counts({ tenant: world.tenant, user: 'ada' })).counts).toEqual({
    unread: 1,
    unseen: 1,
  })
  const record = await world.store.notifications.get(world.tenant, 'n1')
  expect(record).toMatchObject({ state: 'delivered', recipients: 1, type: 'x' })
})

test('an id that is sent many times at once is one item, without deduplication by the log', async () => {
  world = await openWorld()
  const again = (n: number) => world.send({ id: 'order-1', to: 'ada', type: 'x', title: 'Paid' }, `${n}`)
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 10 }, (_, n) => again(round * 10 + n)))
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  await world.quiet()
  expect(await world.titles('ada')).toEqual(['Paid'])
})

test('delivers to lists, topics and everyone, without excluded users and the actor', async () => {
  world = await openWorld()
  const { tenant, store } = world
  await store.topics.add(tenant, 'team', ['ada', 'grace', 'linus'])
  for (const id of ['ada', 'grace', 'linus', 'margaret']) await store.users.put(tenant, { id, profile: {} })
  await world.send({ to: ['ada', 'grace'], type: 'x', title: 'list' })
  await world.send({ to: { topic: 'team' }, exclude: ['linus'], actor: 'ada', type: 'x', title: 'topic' })
  await world.send({ to: [{ everyone: true }, 'ada'], type: 'x', title: 'everyone' })
  await world.send({ to: { topic: 'nobody' }, type: 'x', title: 'nobody' })
  await world.quiet()
  const inboxes = await Promise.all(['ada', 'grace', 'linus', 'margaret'].map((user) => world.titles(user)))
  expect(inboxes.map((titles) => titles.sort())).toEqual([
    ['everyone', 'list'],
    ['everyone', 'list', 'topic'],
    ['everyone'],
    ['everyone'],
  ])
})

test('a fan-out to a large topic reaches each member once, across a restart', async () => {
  world = await openWorld()
  const { tenant, store } = world
  const members = names(6_000)
  await store.topics.add(tenant, 'all', members)
  await world.send({
    id: 'blast',
    to: { topic: 'all' },
    exclude: ['user7'],
    type: 'x',
    title: 'blast',
    priority: 'low',
  })
  await vi.waitUntil(async () => ((await store.notifications.get(tenant, 'blast'))?.recipients ?? 0) > 0, {
    timeout: 10_000,
    interval: 1,
  })
  await world.restart()
  await world.quiet()
  expect(await store.notifications.get(tenant, 'blast')).toMatchObject({
    state: 'delivered',
    recipients: 5_999,
  })
  const answers = await Promise.all(members.map((user) => store.inbox.counts({ tenant, user })))
  const counts = answers.map((answer) => answer.counts)
  expect(counts.filter(({ unread }) => unread === 1)).toHaveLength(5_999)
  expect(counts[7]).toEqual({ unread: 0, unseen: 0 })
})

test('cancelling stops a fan-out between chunks', async () => {
  world = await openWorld()
  const { tenant, store } = world
  await store.topics.add(tenant, 'all', names(20_000))
  await world.send({ id: 'blast', to: { topic: 'all' }, type: 'x', title: 'blast' })
  await vi.waitUntil(async () => ((await store.notifications.get(tenant, 'blast'))?.recipients ?? 0) > 0, {
    timeout: 10_000,
    interval: 1,
  })
  await store.notifications.cancel(tenant, 'blast', Date.now())
  await world.quiet()
  const record = await store.notifications.get(tenant, 'blast')
  expect(record?.state).toBe('cancelled')
  expect(record?.recipients).toBeLessThan(20_000)
})

test('an invalid message is dead-lettered with its reason, and the others are stored', async () => {
  world = await openWorld({ unknownTypes: 'refuse' })
  const { tenant, store } = world
  await store.types.put(tenant, { key: 'known', category: 'social' })
  await Promise.all([
    world.send({ to: 'ada', type: 'known', title: 'before' }),
    world.raw(notifySubject(tenant, 'normal', 'known'), '{"to":'),
    world.raw(notifySubject(tenant, 'normal', 'known'), '{"to":"ada","colour":"red"}'),
    world.raw(
      notifySubject(tenant, 'normal', 'known'),
      JSON.stringify({ to: 'ada', body: 'x'.repeat(70_000) }),
    ),
    world.raw(notifySubject('nobody', 'normal', 'known'), '{"to":"ada"}'),
    world.raw(`notify.${tenant}.normal.a..b`, '{"to":"ada"}'),
    world.send({ to: 'ada', type: 'unheard.of' }),
    world.raw(workSubject('chunk', 'normal', tenant), 'not work'),
    world.send({ to: 'ada', type: 'known', title: 'after' }),
  ])
  await world.quiet()
  expect((await world.titles('ada')).sort()).toEqual(['after', 'before'])
  expect((await world.deadLetters()).map(({ code }) => code).sort()).toEqual([
    'invalid_request',
    'malformed_json',
    'malformed_json',
    'payload_too_large',
    'subject_invalid',
    'tenant_unknown',
    'type_unknown',
  ])
  const [item] = (await store.inbox.page({ tenant, user: 'ada' }, { status: 'active', limit: 1 })).items
  expect(item?.category).toBe('social')
})

test('a notification waits for its deliverAt, and can be cancelled until then', async () => {
  world = await openWorld()
  const { tenant, store, stream } = world
  const deliverAt = new Date(Date.now() + 400).toISOString()
  await world.send({ id: 'soon', to: 'ada', type: 'x', title: 'soon', deliverAt })
  await world.send({ id: 'never', to: 'ada', type: 'x', title: 'never', deliverAt })
  await vi.waitUntil(
    async () => (await store.notifications.get(tenant, 'never'))?.state === 'scheduled',
    WAIT,
  )
  const listed = async (user: string) =>
    (await store.notifications.list(tenant, { absent: user, limit: 10 })).notifications.map(({ id }) => id)
  expect([(await listed('ada')).sort(), await listed('bob')]).toEqual([['never', 'soon'], []])
  await store.notifications.cancel(tenant, 'never', Date.now())
  await stream.cancel([scheduleSubject(tenant, 'deliver_at', dueKey('never'))])
  expect(await world.titles('ada')).toEqual([])
  await vi.waitUntil(async () => (await world.titles('ada')).length > 0, WAIT)
  await world.quiet()
  expect(await world.titles('ada')).toEqual(['soon'])
  expect((await store.notifications.get(tenant, 'soon'))?.state).toBe('delivered')
  expect((await store.notifications.get(tenant, 'never'))?.state).toBe('cancelled')
})

test('an id reused with different content is dead-lettered with a reason', async () => {
  world = await openWorld()
  const { tenant, store } = world
  const ids = ['order-9', derivedUuid7(Date.now(), tenant)]
  for (const id of ids) {
    await world.send({ id, to: 'ada', type: 'x', title: id })
    await world.send({ id, to: 'bob', type: 'x', title: id })
    await world.send({ id, to: 'ada', type: 'x', title: id })
  }
  await world.quiet()
  expect((await world.titles('ada')).sort()).toEqual([...ids].sort())
  expect(await world.titles('bob')).toEqual([])
  const reason = {
    code: 'id_reused',
    detail: expect.stringContaining('the id was used with other content'),
  }
  expect(await world.deadLetters()).toEqual([reason, reason])
  for (const id of ids) expect(await store.notifications.get(tenant, id)).toMatchObject({ recipients: 1 })
})

test('a repeated message of a complete notification is done at once', async () => {
  world = await openWorld()
  const note = { id: 'order-9', to: 'ada', type: 'x', title: 'once' }
  const stored = async () =>
    (await world.metrics.stored.get()).values.reduce((sum, { value }) => sum + value, 0)
  await world.send(note)
  await world.quiet()
  await world.send(note)
  await world.send(note)
  await world.quiet()
  expect(await stored()).toBe(1)
  expect(await world.deadLetters()).toEqual([])
})

test('an expired notification reaches nobody', async () => {
  world = await openWorld()
  await world.send({
    id: 'late',
    to: 'ada',
    type: 'x',
    expiresAt: new Date(Date.now() - 1_000).toISOString(),
  })
  await world.quiet()
  expect(await world.titles('ada')).toEqual([])
  expect((await world.store.notifications.get(world.tenant, 'late'))?.state).toBe('expired')
  expect(await world.deadLetters()).toEqual([])
})

test('the attributes of a recipient are stored', async () => {
  world = await openWorld()
  await world.store.users.put(world.tenant, { id: 'ada', profile: { name: 'Ada' } })
  await world.send({ to: { user: 'ada', locale: 'pt-BR' }, type: 'x' })
  await world.quiet()
  const [user] = await world.store.users.get(world.tenant, ['ada'])
  expect(user?.profile).toEqual({ name: 'Ada', locale: 'pt-BR' })
})

test('an invalid attribute is omitted, and its notification is delivered', async () => {
  world = await openWorld()
  const { tenant, store } = world
  const to = { user: 'ada', email: 'nobody', locale: 'pt_BR', timezone: 'Mars/Base' }
  await world.send({ to, type: 'x', title: 'still' })
  await world.quiet()
  expect(await world.titles('ada')).toEqual(['still'])
  const [user] = await store.users.get(tenant, ['ada'])
  expect(user?.profile).toEqual({ locale: 'pt-BR' })
  expect(await world.deadLetters()).toEqual([])
  expect(await world.metrics.registry.getSingleMetricAsString('carillon_attributes_ignored_total')).toContain(
    '{via="stream",type=""} 2',
  )
})

test('content and overrides that are ignored are counted by type and on record', async () => {
  world = await openWorld()
  const { tenant, store } = world
  await store.types.put(tenant, { key: 'bill', content: { title: 'Bill' } })
  const note = { to: 'ada', type: 'bill', title: 'T', body: 'B', overrides: { sms: { text: 'S' } } }
  await world.send({ ...note, id: 'n1' })
  await world.quiet()
  const counted = () => world.metrics.registry.getSingleMetricAsString('carillon_attributes_ignored_total')
  expect(await counted()).toContain('{via="stream",type="bill"} 2')
  const record = await store.notifications.get(tenant, 'n1')
  expect(record?.decisions).toMatchObject([{ stage: 'inbox', detail: 'ignored: /title, /overrides/sms' }])
  // A hub has told and counted them.
  const data = new TextEncoder().encode(JSON.stringify({ ...note, id: 'n2' }))
  const subject = notifySubject(tenant, 'normal', 'bill')
  await world.stream.publish([{ subject, data, headers: stampOf({ version: 1 }, false) }])
  await world.quiet()
  expect((await store.notifications.get(tenant, 'n2'))?.decisions).toEqual([
    expect.objectContaining({ detail: 'ignored: /title, /overrides/sms' }),
  ])
  expect(await counted()).toContain('{via="stream",type="bill"} 2')
})

test('ids of other systems work for users, topics and notifications', async () => {
  world = await openWorld()
  const { tenant, store } = world
  await store.topics.add(tenant, 'gid://shop/Group/1', FOREIGN_IDS)
  const deliverAt = new Date(Date.now() + 50).toISOString()
  for (const id of FOREIGN_IDS) {
    await world.send({ id, to: id, type: 'x', title: id })
    await world.send({ id: `${id.slice(0, 60)}-later`, to: id, type: 'x', title: 'later', deliverAt })
  }
  await world.send({ to: { topic: 'gid://shop/Group/1' }, exclude: ['josé'], type: 'x', title: 'all' })
  await vi.waitUntil(async () => (await world.titles('%2F')).includes('later'), WAIT)
  await world.quiet()
  for (const id of FOREIGN_IDS) {
    const expected = id === 'josé' ? [id, 'later'] : [id, 'all', 'later']
    await vi.waitUntil(async () => (await world.titles(id)).length === expected.length, WAIT)
    expect((await world.titles(id)).sort()).toEqual(expected.sort())
    expect(await store.notifications.get(tenant, id)).toMatchObject({ state: 'delivered', users: [id] })
  }
  expect(await world.deadLetters()).toEqual([])
})

const withPut = (store: Store, put: Store['inbox']['put']): Store => ({
  ...store,
  inbox: { ...store.inbox, put },
})

test('an outage of the store pauses everything and counts no attempt, and work resumes by itself', async () => {
  let refusals = 0
  world = await openWorld({
    wrap: (store) =>
      withPut(store, async (items) => {
        if (refusals++ < 5) throw new UnavailableError('store', new Error('down'))
        return store.inbox.put(items)
      }),
  })
  for (let n = 0; n < 20; n++) await world.send({ to: 'ada', type: 'x', title: `${n}` })
  await world.quiet()
  expect(await world.titles('ada')).toHaveLength(20)
  expect(await world.deadLetters()).toEqual([])
  expect(await world.metrics.registry.getSingleMetricAsString('carillon_messages_retried_total')).not.toMatch(
    /} [1-9]/,
  )
})

test('a message that fails every time is dead-lettered, and the others are stored', async () => {
  world = await openWorld({
    retryPauses: { firstMs: 1, capMs: 2 },
    wrap: (store) =>
      withPut(store, async (items) => {
        if (items.some(({ content }) => content.title === 'poison'))
          throw new TypeError('no such table: inbox_content')
        return store.inbox.put(items)
      }),
  })
  const logged = vi.spyOn(world.log, 'error')
  await Promise.all(['a', 'poison', 'b'].map((title) => world.send({ to: 'ada', type: 'x', title })))
  await world.quiet()
  expect((await world.titles('ada')).sort()).toEqual(['a', 'b'])
  // The tenant gets a reference instead of the store's error; the log has both.
  const [letter, ...more] = await world.deadLetters()
  expect([letter?.code, more]).toEqual(['too_many_attempts', []])
  const [, reference] =
    /^Carillon failed to handle it 8 times; .* reference (\w{12})$/.exec(letter?.detail ?? '') ?? []
  expect(logged).toHaveBeenCalledWith(
    expect.objectContaining({
      reference,
      err: expect.objectContaining({ message: 'no such table: inbox_content' }),
    }),
    'a message is given up',
  )
  const retried = await world.metrics.registry.getSingleMetricAsString('carillon_messages_retried_total')
  expect(retried).toContain(`{queue="notify-normal"} ${MAX_DELIVERIES - 1}`)
})

test('the end of a snooze makes the item active again', async () => {
  world = await openWorld()
  const { tenant, store, stream } = world
  const owner = { tenant, user: 'ada' }
  await world.send({ to: 'ada', type: 'x', title: 'later' })
  await world.quiet()
  const [item] = (await store.inbox.page(owner, { status: 'active', limit: 1 })).items
  const at = Date.now() + 50
  await store.inbox.change(owner, [item!.id], () => ({ snoozedUntil: new Date(at).toISOString() }))
  expect(await world.titles('ada')).toEqual([])
  const data = new TextEncoder().encode(JSON.stringify({ user: 'ada', id: item!.id }))
  const schedule = { at, key: scheduleSubject(tenant, 'snooze', 'wake-1') }
  await stream.publish([{ subject: workSubject('wake', 'normal', tenant), data, schedule }])
  await vi.waitUntil(async () => (await store.inbox.get(owner, [item!.id]))[0]?.snoozedUntil === null, WAIT)
  expect(await world.titles('ada')).toEqual(['later'])
})
