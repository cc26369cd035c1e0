import { notifySubject, workSubject } from '@carillon/schemas'
import { expect, test } from 'vitest'
import type { Message } from '../port.ts'
import type { Kit } from './kit.ts'

/** The contract of delivery to readers: once, in order, within their buffers. */
export const readingContract = (kit: Kit): void => {
  const { world, tenant, queue, subject, bytes, text, notify, numbered, publishOnce, eventually, take, one } =
    kit

  test('delivers a message to a reader of its queue until it is acked', async () => {
    const { stream } = await world()
    const before = Date.now()
    const [published] = await stream.publish([notify('hello', 'a')])
    const reader = await stream.read(queue, { buffer: 10 })
    const message = await one(reader)
    expect(message).toMatchObject({
      queue,
      subject,
      dedupe: `${tenant} a`,
      sequence: published?.sequence,
      deliveries: 1,
    })
    expect(text(message)).toBe('hello')
    expect(message.data.length).toBe(5)
    expect(message.appendedAt).toBeGreaterThanOrEqual(before - 1)
    expect(message.appendedAt).toBeLessThanOrEqual(Date.now() + 1)
    expect((await stream.backlog()).get(queue)).toBe(1)
    await reader.ack([message])
    await eventually(async () => expect((await stream.backlog()).get(queue)).toBe(0))
  })

  test('tells the time of its clock, between a message before and one after', async () => {
    const { stream } = await world()
    const reader = await stream.read(queue, { buffer: 10 })
    await stream.publish([notify('before')])
    const before = await one(reader)
    const now = await stream.now(tenant)
    await new Promise((resolve) => setTimeout(resolve, 2))
    await stream.publish([notify('after')])
    const after = await one(reader)
    expect(before.appendedAt).toBeLessThanOrEqual(now)
    expect(after.appendedAt).toBeGreaterThan(now)
  })

  test('wakes a waiting reader', async () => {
    const { stream } = await world()
    const reader = await stream.read('work-high', { buffer: 10 })
    const waiting = one(reader)
    await stream.publish([{ subject: workSubject('wake', 'high', tenant), data: bytes('up') }])
    expect(text(await waiting)).toBe('up')
    await expect(stream.check()).resolves.toBeUndefined()
  })

  test('keeps the order within a queue, and separates queues', async () => {
    const { stream } = await world()
    const critical = { subject: notifySubject(tenant, 'critical', 'otp'), data: bytes('first') }
    await stream.publish([...numbered(400), critical])
    const [normal, urgent] = await Promise.all([
      stream.read(queue, { buffer: 1_000 }),
      stream.read('notify-critical', { buffer: 10 }),
    ])
    expect((await take(normal, 400)).map(text)).toEqual(numbered(400).map(text))
    expect(text(await one(urgent))).toBe('first')
  })

  test('deduplicates internal messages, also across a restart', async () => {
    const { stream, restart } = await world()
    const work = { subject: workSubject('wake', 'high', tenant), data: bytes('1'), dedupe: `${tenant} same` }
    const [first, twin] = await stream.publish([work, work])
    expect(first?.duplicate).toBe(false)
    expect(twin).toEqual({ sequence: first?.sequence, duplicate: true })
    const after = await restart()
    expect(await after.publish([work])).toEqual([twin])
    expect((await after.backlog()).get('work-high')).toBe(1)
  })

  test("deduplicates by publishers' ids for a tenth of a second only", async () => {
    const { stream } = await world()
    await stream.publish([notify('1', 'same')])
    await publishOnce(stream, notify('2', 'same'))
    const messages = await take(await stream.read(queue, { buffer: 10 }), 2)
    expect(messages.map(text)).toEqual(['1', '2'])
    expect(messages.map(({ dedupe }) => dedupe)).toEqual([`${tenant} same`, `${tenant} same`])
  })

  test('delivers the headers that are kept with a message', async () => {
    const { stream } = await world()
    const headers = new Map([
      ['ce-id', 'é "1"'],
      ['content-type', 'application/json'],
      ['carillon-id', 'made'],
    ])
    await stream.publish([{ ...notify('with'), headers }, notify('without')])
    const [message, plain] = await take(await stream.read(queue, { buffer: 10 }), 2)
    expect(message?.headers).toEqual(headers)
    expect(plain).not.toHaveProperty('headers')
  })

  test('delivers each message to one of several readers', async () => {
    const { stream, other } = await world()
    const readers = [
      await stream.read(queue, { buffer: 50 }),
      await (await other()).read(queue, { buffer: 50 }),
    ]
    await stream.publish(numbered(300))
    const seen: string[][] = readers.map(() => [])
    await eventually(async () => {
      for (const [index, reader] of readers.entries()) {
        const batch = reader.take(25)
        seen[index]?.push(...batch.map(text))
        await reader.ack(batch)
      }
      expect(seen.flat()).toHaveLength(300)
    })
    expect(new Set(seen.flat()).size).toBe(300)
    for (const each of seen) expect(each.length).toBeGreaterThan(0)
  })

  test('never buffers more than the limit', async () => {
    const { stream } = await world()
    await stream.publish(numbered(5_000))
    const reader = await stream.read(queue, { buffer: 100 })
    let taken: Message[] = []
    const seen = new Set<string>()
    while (seen.size < 5_000) {
      const batch = reader.take(30)
      for (const message of batch) seen.add(text(message))
      taken.push(...batch)
      expect(taken.length + reader.ready).toBeLessThanOrEqual(100)
      if (taken.length >= 60 || reader.ready === 0) {
        await reader.ack(taken)
        taken = []
      }
      if (reader.ready === 0 && seen.size < 5_000)
        await new Promise<void>((resolve) => reader.onReady(resolve))
    }
    await reader.ack(taken)
    await eventually(async () => expect((await stream.backlog()).get(queue)).toBe(0))
  })

  test('returns messages that were not taken when a reader closes; taken ones can still be acked', async () => {
    const { stream, other } = await world()
    await stream.publish(numbered(10))
    const closing = await stream.read(queue, { buffer: 10 })
    await eventually(() => expect(closing.ready).toBe(10))
    const mine = closing.take(3)
    await closing.close()
    const next = await (await other()).read(queue, { buffer: 10 })
    const rest = await take(next, 7)
    expect(rest.map(text).sort()).toEqual(['3', '4', '5', '6', '7', '8', '9'])
    await Promise.all([closing.ack(mine), next.ack(rest)])
    expect([closing.ready, next.ready]).toEqual([0, 0])
    await eventually(async () => expect((await stream.backlog()).get(queue)).toBe(0))
  })
}
