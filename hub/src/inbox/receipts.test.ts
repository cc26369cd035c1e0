import { randomUUID } from 'node:crypto'
import { UnavailableError } from '@carillon/core/errors'
import type { Inbox } from '@carillon/core/store/ports/inbox'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'
import { createVerbs } from './verbs.ts'

let test: TestHub
const published: OutgoingMessage[] = []

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

const verbsOver = (wrap: (inbox: Inbox) => Inbox = (inbox) => inbox) =>
  createVerbs({
    ...test.ports,
    ...test.ports.store,
    inbox: wrap(test.ports.store.inbox),
    stream: {
      ...test.ports.stream,
      publish: async (messages) => {
        published.push(...messages)
        return test.ports.stream.publish(messages)
      },
    },
    log: createLog({ level: 'silent', role: 'test' }),
  })

it('writes the first receipt of each item in one batch', async () => {
  const tenant = await test.tenant()
  const owner = { tenant: tenant.id, user: 'ann' }
  const ids = [(await tenant.item('ann')).id, (await tenant.item('ann')).id]
  const bobs = await tenant.item('bob')
  let looks = 0
  const verbs = verbsOver((inbox) => ({
    ...inbox,
    change: (...query) => {
      looks++
      return inbox.change(...query)
    },
  }))
  for (let tab = 0; tab < 3; tab++)
    for (const id of ids) verbs.received(owner, [id, bobs.id, randomUUID(), 'x'])
  await verbs.settled()
  expect(looks).toBe(1)
  const items = await test.ports.store.inbox.get(owner, ids)
  for (const { receivedAt } of items) expect(receivedAt).not.toBeNull()
  expect(published.map(({ subject }) => subject)).toEqual([`event.${tenant.id}.inbox.received`])

  published.length = 0
  verbs.received(owner, ids)
  await verbs.settled()
  expect(await test.ports.store.inbox.get(owner, ids)).toEqual(items)
  expect(published).toEqual([])
  const [other] = await test.ports.store.inbox.get({ ...owner, user: 'bob' }, [bobs.id])
  expect(other?.receivedAt).toBeNull()
})

it('continues after a failure', async () => {
  const tenant = await test.tenant()
  const owner = { tenant: tenant.id, user: 'ann' }
  const { id } = await tenant.item('ann')
  let away = true
  const verbs = verbsOver((inbox) => ({
    ...inbox,
    change: async (...change) => {
      if (away) throw new UnavailableError('store', new Error('gone'))
      return inbox.change(...change)
    },
  }))
  verbs.received(owner, [id])
  await verbs.settled()
  away = false
  verbs.received(owner, [id])
  await verbs.settled()
  expect((await test.ports.store.inbox.get(owner, [id]))[0]?.receivedAt).not.toBeNull()
})
