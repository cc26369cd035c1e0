import type { NotificationInput } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type OperationWorld, openOperationWorld, until } from './testing/operation-world.ts'

let world: OperationWorld
afterEach(() => world.close())

const AHEAD_MS = 600_000
const TYPE = {
  key: 'order',
  schema: { type: 'object', properties: { status: { type: 'string' } }, additionalProperties: true },
  content: { title: 'Order {{ data.number }}: {{ data.status }}' },
  channels: { email: { subject: 'Mail {{ data.status }}' } },
} as const

/** Opens a dispatcher with a scheduled notification. */
const scheduled = async (more: Partial<NotificationInput> = {}) => {
  world = await openOperationWorld()
  const { order, person, quiet, store, stream, tenant } = world
  const publish = vi.spyOn(stream, 'publish')
  await store.types.put(tenant, TYPE)
  await world.appUrl('https://app.example')
  for (const user of ['ada', 'bob']) await person(user, { email: `${user}@example.org` })
  const deliverAt = new Date(Date.now() + AHEAD_MS).toISOString()
  const data = { number: 7, status: 'sent' }
  const plan = [{ channel: 'email', when: 'always', after: 0 } as const]
  await order('', { to: ['ada', 'bob'], title: undefined, id: 'later', data, deliverAt, plan, ...more })
  await quiet()
  return {
    ...world,
    /** Delivers the notification before its time, and waits for the end. */
    delivered: async () => {
      const waiting = publish.mock.calls.flatMap(([messages]) => messages.filter(({ schedule }) => schedule))
      const [due] = waiting.filter(({ subject }) => subject.startsWith('work.due.'))
      const { schedule: _, ...message } = due!
      await stream.publish([message])
      await quiet()
    },
  }
}

describe('a replacement of a scheduled notification', () => {
  test('renders it with the new data when it is due, on every channel', async () => {
    const { delivered, inbox, mail, operate } = await scheduled()
    const target = { entity: 'order-7' }
    expect(await operate({ kind: 'replace', data: { status: 'lost' } }, target)).toMatchObject({ skipped: 0 })
    await operate({ kind: 'replace', data: { status: 7 } }, target)
    await operate({ kind: 'replace', data: { status: 'found', note: 'x' } }, target)
    await delivered()
    for (const user of ['ada', 'bob'])
      expect(await inbox(user)).toMatchObject([
        { title: 'Order 7: found', data: { number: 7, status: 'found', note: 'x' } },
      ])
    await until(() => expect(mail.got).toHaveLength(2))
    expect(JSON.stringify(mail.got)).toContain('Mail found')
  })

  test('delivers literal texts in place of those of the type, also without an item', async () => {
    const { delivered, inbox, mail, operate } = await scheduled({ inbox: 'none' })
    await operate(
      { kind: 'replace', content: { title: 'Literally {{ data.number }}' } },
      { entity: 'order-7' },
    )
    await delivered()
    expect(await inbox('ada')).toEqual([])
    await until(() => expect(mail.got).toHaveLength(2))
    expect(JSON.stringify(mail.got)).toContain('Literally {{ data.number }}')
  })

  test('keeps literal texts if later data is not in a template', async () => {
    const { delivered, inbox, operate } = await scheduled({ type: 'plain', title: 'Old', body: 'Old' })
    const target = { entity: 'order-7' }
    await operate({ kind: 'replace', content: { title: 'New', body: null } }, target)
    await operate({ kind: 'replace', data: { status: 'lost' } }, target)
    await delivered()
    const [item] = await inbox('ada')
    expect(item).toMatchObject({ title: 'New', data: { number: 7, status: 'lost' } })
    expect(item?.body).toBeUndefined()
  })

  test('counts a notification with too many amendments as skipped', async () => {
    const { operate, store, tenant } = await scheduled()
    const record = await store.notifications.get(tenant, 'later')
    for (let n = 0; n < 100; n++)
      await store.notifications.amend(tenant, record!, `${n}`, { at: n, data: { n } })
    const verb = { kind: 'replace', data: { status: 'lost' } } as const
    expect(await operate(verb, { entity: 'order-7' })).toMatchObject({ skipped: 1 })
  })
})

describe('a replacement of a notification without an item', () => {
  test.each([
    [{ data: { status: 'found' } }, 'Mail found'],
    [{ content: { title: 'Literally {{ data.number }}' } }, 'Literally {{ data.number }}'],
  ])('changes a waiting step: %j', async (change, expected) => {
    const plan = [{ channel: 'email', when: 'always', after: 3 } as const]
    const { mail, operate } = await scheduled({ inbox: 'none', plan, deliverAt: undefined })
    await operate({ kind: 'replace', data: { status: 7 } }, { entity: 'order-7' })
    await operate({ kind: 'replace', ...change }, { entity: 'order-7' })
    await until(() => expect(mail.got).toHaveLength(2))
    expect(JSON.stringify(mail.got)).toContain(expected)
  })
})
