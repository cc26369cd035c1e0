import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Kit } from './kit.ts'

/** The contract of redelivery. */
export const againContract = (kit: Kit): void => {
  const { world, queue, notify, eventually, take, one, ackWaitMs } = kit

  test('redelivers a retried message after its delay, and counts the delivery', async () => {
    const { stream } = await world()
    await stream.publish([notify('flaky'), notify('fine')])
    const reader = await stream.read(queue, { buffer: 10 })
    const [flaky, fine] = await take(reader, 2)
    if (!flaky || !fine) throw new Error('two were published')
    const asked = Date.now()
    await reader.retry([flaky], 300)
    await reader.ack([fine])
    const again = await one(reader)
    expect(Date.now() - asked).toBeGreaterThanOrEqual(290)
    expect(again).toEqual({ ...flaky, deliveries: 2 })
    await reader.retry([again], 0)
    expect(await one(reader)).toEqual({ ...flaky, deliveries: 3 })
  })

  test('redelivers the messages of a dead process, and counts the delivery', async () => {
    const { stream, die } = await world()
    await stream.publish([notify('held'), notify('done')])
    const reader = await stream.read(queue, { buffer: 10 })
    const [held, done] = await take(reader, 2)
    if (!held || !done) throw new Error('two were published')
    await reader.ack([done])
    await eventually(async () => expect((await stream.backlog()).get(queue)).toBe(1))

    const successor = await die()
    const again = await one(await successor.read(queue, { buffer: 10 }))
    expect(again).toEqual({ ...held, deliveries: 2 })
    expect((await successor.backlog()).get(queue)).toBe(1)
  })

  test('does not redeliver a message that a live reader processes, however long that takes', async () => {
    const { stream, other } = await world()
    await stream.publish([notify('slow'), notify('not even taken')])
    const slow = await stream.read(queue, { buffer: 2 })
    const message = await one(slow)
    const idle = await (await other()).read(queue, { buffer: 10 })
    await sleep(ackWaitMs * 2.5)
    expect([idle.ready, slow.ready]).toEqual([0, 1])
    await slow.ack([message, ...slow.take(1)])
    await eventually(async () => expect((await stream.backlog()).get(queue)).toBe(0))
  })
}
