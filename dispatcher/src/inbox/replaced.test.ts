import type { LiveMessage } from '@carillon/core/live/port'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { NotificationInput } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

/** Opens a world with a mail account, where ada has an address and is connected, and records the live messages. */
const open = async () => {
  const mail = scripted('mail', ['email'])
  world = await openWorld({ providers: providersOf(mail) })
  await world.account('mail')
  await world.person('ada', { email: 'ada@example.org' })
  const live: LiveMessage[] = []
  vi.spyOn(world.live, 'deliver').mockImplementation(async (messages) => {
    live.push(...messages.filter(({ to }) => to !== 'nobody'))
    return messages.map(({ to }) => ({ whole: true, other: to === 'nobody', active: true }))
  })
  const progress = (title: string, more: Partial<NotificationInput> = {}) =>
    world.send({ to: 'ada', type: 'upload', entity: 'upload-7', replace: true, title, ...more })
  const inbox = async (user = 'ada') =>
    (await world.store.inbox.page({ tenant: world.tenant, user }, { status: 'active', limit: 10 })).items
  return { ...world, mail, live: live, progress, inbox }
}

describe('a notification that replaces', () => {
  test('adds one item, which rings once, and changes it in place from then on', async () => {
    const { inbox, live, progress, quiet } = await open()
    await progress('10 %')
    await quiet()
    const [first] = await inbox()
    await progress('50 %')
    await quiet()
    await progress('done')
    await quiet()
    const items = await inbox()
    expect(items).toMatchObject([{ id: first?.id, title: 'done', createdAt: first?.createdAt, readAt: null }])
    expect(live.map(({ event }) => event)).toEqual(['inbox.added', 'inbox.changed', 'inbox.changed'])
    expect(live[1]).toMatchObject({
      user: 'ada',
      to: 'whole',
      payload: { ids: [first?.id], item: { id: first?.id, title: '50 %' }, counts: { unread: 1, unseen: 1 } },
    })
  })

  test('starts no steps if it replaced an item; pending steps of the first notification continue with the newest content', async () => {
    const { mail, ledger, progress, quiet } = await open()
    const step = { channel: 'email', when: 'unread', after: 3 } as const
    await progress('10 %', { id: 'first', plan: [step] })
    await quiet()
    await progress('99 %', { id: 'second', plan: [{ channel: 'email', when: 'always' }] })
    await until(() => expect(mail.got).toHaveLength(1))
    await quiet()
    expect(mail.got.map(({ content }) => content.title)).toEqual(['99 %'])
    expect(await ledger('first', 'ada')).toMatchObject([{ channel: 'email', state: 'sent' }])
    expect(await ledger('second', 'ada')).toEqual([])
    const { decisions } = world.store
    const [decision] = await decisions.of(world.tenant, { id: 'second', toAudience: false, user: 'ada' })
    expect(decision).toMatchObject({ stage: 'inbox', outcome: 'pass', by: 'sender', reason: 'replaced' })
  })

  test('is rendered by its type for each reader, and evolves for an audience, new members included', async () => {
    const { inbox, person, progress, quiet, store, tenant } = await open()
    await person('bob', { locale: 'de' })
    await store.types.put(tenant, {
      key: 'upload',
      content: { title: 'Upload: {{ data.done }}' },
      locales: { de: { content: { title: 'Hochladen: {{ data.done }}' } } },
    })
    await store.topics.add(tenant, 'team', ['ada', 'bob'])
    await progress('', { to: { topic: 'team' }, title: undefined, data: { done: 1 } })
    await quiet()
    await store.topics.add(tenant, 'team', ['cho'])
    await progress('', { to: { topic: 'team' }, title: undefined, data: { done: 2 } })
    await quiet()
    expect((await inbox('ada')).map(({ title }) => title)).toEqual(['Upload: 2'])
    expect((await inbox('bob')).map(({ title }) => title)).toEqual(['Hochladen: 2'])
    expect((await inbox('cho')).map(({ title }) => title)).toEqual(['Upload: 2'])
  })

  test('that is older than the item in the inbox has no effect, with a decision', async () => {
    const { inbox, live, progress, quiet, store, tenant } = await open()
    await progress('now')
    await quiet()
    const id = derivedUuid7(Date.now() - 60_000, 'early')
    await progress('early', { id })
    await quiet()
    expect(await inbox()).toMatchObject([{ title: 'now' }])
    expect(live).toHaveLength(1)
    const [decision] = await store.decisions.of(tenant, { id, toAudience: false, user: 'ada' })
    expect(decision).toMatchObject({ stage: 'inbox', outcome: 'skip', reason: 'superseded' })
  })

  test('without an entity is refused', async () => {
    const { deadLetters, quiet, send } = await open()
    await send({ to: 'ada', type: 'upload', title: 'x', replace: true })
    await quiet()
    expect(await deadLetters()).toMatchObject([
      { code: 'invalid_request', detail: expect.stringContaining('/replace') },
    ])
  })

  test('does not affect notifications without an entity', async () => {
    await open()
    const evolve = vi.spyOn(world.store.inbox, 'evolve')
    await world.send({ to: 'ada', type: 'x', title: 'Hi' })
    await world.quiet()
    expect(evolve).not.toHaveBeenCalled()
  })
})
