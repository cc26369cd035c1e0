import { notifySubject } from '@carillon/schemas'
import { afterEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const schema = { type: 'object', required: ['number'], properties: { number: { type: 'string' } } }

test('a notification whose data does not fit its type becomes a dead letter with the place of the fault', async () => {
  world = await openWorld()
  await world.store.types.put(world.tenant, { key: 'order.shipped', schema })
  const note = { to: 'ada', type: 'order.shipped', id: 'n1' }
  await world.send({ ...note, data: { number: 7 } })
  await vi.waitFor(async () => {
    expect(await world.deadLetters()).toEqual([
      { code: 'invalid_request', detail: '/data/number: must be string' },
    ])
  }, 15_000)
  // Nothing was accepted under the id, so it can be used again.
  await world.send({ ...note, title: 'A-7', data: { number: 'A-7' } })
  await world.quiet()
  expect(await world.titles('ada')).toEqual(['A-7'])
})

test('the data of a CloudEvent has its place in the event', async () => {
  world = await openWorld()
  await world.store.types.put(world.tenant, { key: 'order.shipped', schema })
  const event = { specversion: '1.0', id: '1', source: '/x', type: 'any', data: { to: 'ada' } }
  await world.raw(notifySubject(world.tenant, 'normal', 'order.shipped'), JSON.stringify(event))
  await vi.waitFor(async () => {
    expect(await world.deadLetters()).toMatchObject([{ detail: '/data/data/number: is required' }])
  }, 15_000)
})
