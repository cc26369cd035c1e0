import type { Verb } from '@carillon/core/items/operation-work'
import { afterEach, expect, test, vi } from 'vitest'
import { type OperationWorld, openOperationWorld } from './testing/operation-world.ts'

let world: OperationWorld
afterEach(() => world.close())

const VERBS: [string, Verb][] = [
  ['recall', { kind: 'recall' }],
  ['mark', { kind: 'mark', marks: { read: true } }],
  ['replacement', { kind: 'replace', content: { title: 'new' } }],
]

test.each(VERBS)(
  'apps fetch again after a %s whose first attempt failed between a change and its live messages',
  async (_, verb) => {
    world = await openOperationWorld()
    const { bus, live, operate, order, quiet } = world
    await order('first', { to: ['ada', 'bob'] })
    await quiet()
    live.length = 0
    const deliver = vi.mocked(bus.deliver)
    const heard = deliver.getMockImplementation()!
    let hasFailed = false
    deliver.mockImplementation(async (messages) => {
      if (hasFailed) return heard(messages)
      hasFailed = true
      throw new Error('the process ends here')
    })
    await operate(verb, { entity: 'order-7' })
    const frames = live.filter(({ event }) => event === 'inbox.resync').map(({ user, to }) => `${user} ${to}`)
    expect(frames.sort()).toEqual(['ada limited', 'ada unlimited', 'bob limited', 'bob unlimited'])
  },
)

test('apps do not fetch again after a part that was delivered once', async () => {
  world = await openOperationWorld()
  const { live, operate, order, quiet } = world
  await order('first')
  await quiet()
  await operate({ kind: 'recall' }, { entity: 'order-7' })
  expect(live.map(({ event }) => event)).not.toContain('inbox.resync')
})
