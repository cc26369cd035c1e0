import { setTimeout as sleep } from 'node:timers/promises'
import { type DigestRule, type NotificationTypeInput, workSubject } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'

const open = async () => {
  const mail = scripted('mail', ['email'])
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const world = await openWorld({ providers: providersOf(mail, sms) })
  await world.account('mail')
  await world.account('text')
  for (const id of ['ada', 'bob'])
    await world.person(id, { email: `${id}@example.org`, phone: '+351911111111' })
  return { ...world, mail, sms }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  world = await open()
})
afterEach(() => world.close())

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const email = { channel: 'email', when: 'unread', after: 0 } as const

/** Defines a type whose e-mails are collected. */
const collecting = (digest: DigestRule, more: NotificationTypeInput = {}) =>
  world.store.types.put(world.tenant, {
    ...{ key: 'post.liked', plan: [email], digest },
    content: {
      title: '{{ data.name }} likes your post',
      body: '{{ total }}: {% for item in items %}{{ item.data.name }} {% endfor %}',
    },
    ...more,
  })
let sent = 0
/** Sends a notification and returns its id. */
const like = async (name: string, more: object = {}): Promise<string> => {
  const id = `like-${++sent}`
  // Accepted in another millisecond than the one before.
  await sleep(2)
  await world.send({ id, to: 'ada', type: 'post.liked', data: { name }, ...more })
  return id
}
const likes = async (...names: string[]): Promise<string[]> => {
  const ids: string[] = []
  for (const name of names) ids.push(await like(name))
  return ids
}
const states = async (id: string, user = 'ada') =>
  (await world.ledger(id, user)).map(({ channel, state, reason }) =>
    [channel, state, reason ?? ''].join(' ').trim(),
  )
const told = (messages = world.mail.got) =>
  messages.map(({ user, content }) => `${user} ${content.body}`).sort()
const windows = (user = 'ada') => world.store.digests.open(world.tenant, [user])
const read = async (user: string) => {
  const { items } = await world.store.inbox.page(
    { tenant: world.tenant, user },
    { status: 'active', limit: 100 },
  )
  const readAt = new Date().toISOString()
  await world.store.inbox.change(
    { tenant: world.tenant, user },
    items.map(({ id }) => id),
    () => ({ readAt }),
  )
}
/** Resolves once a window is open with this many members. */
const collected = (count: number, user = 'ada') =>
  until(async () => {
    const open = await windows(user)
    const members = await Promise.all(open.map((each) => world.store.digests.members(world.tenant, each)))
    expect(members.flat()).toHaveLength(count)
  })

describe('a digest of a type', () => {
  test('collects what arrives within its window into one message, newest first', async () => {
    await collecting({ window: 1 })
    const ids = await likes('Bob', 'Cleo', 'Dan')
    await collected(3)
    await until(async () => expect(await states(ids[0]!)).toEqual(['email queued digest']))
    await until(() => expect(told()).toEqual(['ada 3: Dan Cleo Bob']))
    const [message] = world.mail.got
    expect(message).toMatchObject({ type: 'post.liked', content: { title: 'Dan likes your post' } })
    for (const id of [...ids, message!.notification])
      await until(async () => expect(await states(id)).toEqual(['email sent']))
    expect(await windows()).toEqual([])
    const { notifications } = await world.store.notifications.list(world.tenant, { absent: 'ada', limit: 9 })
    expect(notifications.map(({ id }) => id)).toEqual([message!.notification])
    for (const counter of [world.metrics.windowsOpened, world.metrics.windowsClosed])
      expect((await counter.get()).values).toEqual([{ labels: { kind: 'digest' }, value: 1 }])
    expect((await world.titles('ada')).sort()).toEqual([
      'Bob likes your post',
      'Cleo likes your post',
      'Dan likes your post',
    ])
    const decisions = await world.store.decisions.of(world.tenant, {
      id: ids[0]!,
      toAudience: false,
      user: 'ada',
    })
    expect(decisions).toMatchObject([
      {
        stage: 'digest',
        outcome: 'join',
        by: 'type',
        path: 'digest',
        reason: 'digest',
        detail: `digest ${message!.notification}`,
      },
    ])
  })

  test('has one window per user and key', async () => {
    await collecting({ key: '{{ data.post }}', window: 1 })
    for (const [to, post] of [
      ['ada', 'abc'],
      ['ada', 'def'],
      ['ada', 'abc'],
      ['bob', 'abc'],
      ['ada', 'def'],
      ['ada', 'abc'],
    ])
      await like(post!, { to, data: { name: post, post } })
    await until(() => expect(told()).toEqual(['ada 2: def def', 'ada 3: abc abc abc', 'bob 1: abc']))
  })

  test('sends the first at once if asked to, and then one message', async () => {
    await collecting({ window: 2, first: 'now' })
    await like('Bob')
    await until(() => expect(told()).toEqual(['ada 1: Bob']))
    await likes('Cleo', 'Dan', 'Eve', 'Fay', 'Gus')
    await until(() => expect(told()).toEqual(['ada 1: Bob', 'ada 5: Gus Fay Eve Dan Cleo']))
  })

  test('is not sent if the first was alone', async () => {
    await collecting({ window: 1, first: 'now' })
    const id = await like('Bob')
    await until(async () => expect(await states(id)).toEqual(['email sent']))
    await until(async () => expect(await windows()).toEqual([]))
    await world.quiet()
    expect(told()).toEqual(['ada 1: Bob'])
  })

  test('leaves out what was read, archived or cancelled meanwhile, and is not sent if nothing is left', async () => {
    await collecting({ window: 1 })
    const ids = await likes('Bob', 'Cleo')
    await collected(2)
    await read('ada')
    const later = await like('Dan')
    const cancelled = await like('Eve')
    await collected(4)
    await world.store.notifications.cancel(world.tenant, cancelled, Date.now())
    await until(() => expect(told()).toEqual(['ada 1: Dan']))
    await until(async () => expect(await states(later)).toEqual(['email sent']))
    for (const id of ids) expect(await states(id)).toEqual(['email skipped read'])
    expect(await states(cancelled)).toEqual(['email skipped cancelled'])

    const [id] = await likes('Fay')
    await collected(1)
    await read('ada')
    await until(async () => expect(await states(id!)).toEqual(['email skipped read']))
    expect(world.mail.got).toHaveLength(1)
  })

  test('can be a step of its own, and two steps of a plan both fire', async () => {
    const sms = { channel: 'sms', when: 'always', after: 0, digest: { window: 1 } } as const
    await collecting({ window: 1 }, { plan: [email, sms] })
    await likes('Bob', 'Cleo')
    await until(() =>
      expect([told(), told(world.sms.got)]).toEqual([['ada 2: Cleo Bob'], ['ada 2: Cleo Bob']]),
    )
  })

  test('is rendered as a summary if the templates of its type fail', async () => {
    await collecting({ window: 1 }, { content: { title: '{{ data.name }}', body: '{{ data.missing }}' } })
    await likes('Bob', 'Cleo')
    await until(() =>
      expect(world.mail.got.map(({ content }) => content.subject)).toEqual(['2 new notifications']),
    )
    expect(world.mail.got[0]?.content.html).toContain('>Bob</li>')
  })

  test("is rendered as a built-in summary if the tenant's summary fails, too", async () => {
    const failing = { content: { title: '{{ data.missing }}' } }
    await world.store.types.put(world.tenant, { key: 'carillon.digest', ...failing })
    await collecting({ window: 1 }, failing)
    await likes('Bob', 'Cleo')
    await until(() =>
      expect(world.mail.got.map(({ content }) => content.subject)).toEqual(['2 new notifications']),
    )
  })

  test('survives a dispatcher that stops and starts again', async () => {
    await collecting({ window: 1 })
    await likes('Bob', 'Cleo')
    await collected(2)
    await world.restart()
    await until(() => expect(told()).toEqual(['ada 2: Cleo Bob']))
  })

  test('that reaches nobody makes the next steps due that wait for a failure', async () => {
    const sms = { channel: 'sms', when: 'failed', after: 0 } as const
    world.mail.say(() => ({ outcome: 'refused', reason: 'rejected', detail: 'no' }))
    await collecting({ window: 1 }, { plan: [email, sms] })
    const ids = await likes('Bob', 'Cleo')
    for (const id of ids)
      await until(async () =>
        expect((await states(id)).sort()).toEqual(['email failed rejected', 'sms queued digest']),
      )
  })

  test('of 2,000 notifications is an e-mail below 100 kB that says how many it does not list', async () => {
    const wordy = '<p>{{ total }} likes</p>{% for item in items %}<p>{{ item.data.name }}</p>{% endfor %}'
    await collecting(
      { window: 3_600 },
      { channels: { email: { html: `${wordy}<p>and {{ total | minus: items.size }} more</p>` } } },
    )
    const name = 'x'.repeat(400)
    for (let batch = 0; batch < 20; batch++)
      await Promise.all(Array.from({ length: 100 }, () => like(`${name}`, {})))
    await collected(2_000)
    const [open] = await windows()
    await world.stream.publish([
      {
        subject: workSubject('digest', 'normal', world.tenant),
        data: Buffer.from(
          JSON.stringify({ user: 'ada', window: open!.window, id: open!.id, kind: 'digest' }),
        ),
      },
    ])
    // Not due yet: it is scheduled again.
    await world.quiet()
    expect(await windows()).toHaveLength(1)
    await world.store.digests.move(world.tenant, open!, Date.now())
    await world.stream.publish([
      {
        subject: workSubject('digest', 'normal', world.tenant),
        data: Buffer.from(
          JSON.stringify({ user: 'ada', window: open!.window, id: open!.id, kind: 'digest' }),
        ),
      },
    ])
    await until(() => expect(world.mail.got).toHaveLength(1))
    const { html = '', text = '' } = world.mail.got[0]!.content
    expect(html.length + text.length).toBeLessThan(100_000)
    expect(html).toMatch(/<p>2000 likes<\/p>/)
    expect(html).toMatch(/<p>and 1[0-9]{3} more<\/p>/)
  })
})

describe('an erasure of the user', () => {
  const erase = () => world.store.users.remove(world.tenant, 'ada')
  const open = async () => (await windows())[0]!
  const texts = async (window: Awaited<ReturnType<typeof open>>) =>
    JSON.stringify(await world.store.digests.members(world.tenant, window))

  test('skips what waits when the window closes, and removes its content at once', async () => {
    await collecting({ window: 2 })
    const ids = [await like('Bob'), await like('Cleo', { inbox: 'none' })]
    await collected(2)
    const window = await open()
    expect(await texts(window)).toContain('Cleo')
    await erase()
    expect(await texts(window)).not.toContain('Cleo')
    for (const id of ids) expect(await states(id)).toEqual(['email queued digest'])
    for (const id of ids) await until(async () => expect(await states(id)).toEqual(['email skipped erased']))
    expect(await states(window.id)).toEqual(['email skipped erased'])
    expect(world.mail.got).toEqual([])
    expect(await world.deadLetters()).toEqual([])
  })

  test('leaves to the digest of a user who is added again what arrives afterwards', async () => {
    await collecting({ window: 2 })
    const before = await like('Bob', { inbox: 'none' })
    await collected(1)
    await erase()
    await world.person('ada', { email: 'new@example.org' })
    await like('Cleo')
    await until(() => expect(told()).toEqual(['ada 1: Cleo']))
    await until(async () => expect(await states(before)).toEqual(['email skipped erased']))
  })
})
