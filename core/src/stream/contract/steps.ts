import { type Channel, type Priority, scheduleSubject, stepSubject, workSubject } from '@carillon/schemas'
import { expect, test } from 'vitest'
import type { Kit } from './kit.ts'

/** The contract of plan steps, which have a queue per channel and priority. */
export const stepsContract = (kit: Kit): void => {
  const { world, tenant, bytes, text, one, eventually } = kit
  const step = (channel: Channel, priority: Priority, body: string) => ({
    subject: stepSubject(channel, priority, tenant),
    data: bytes(body),
  })

  test('a step reaches only the queue of its channel and priority', async () => {
    const { stream } = await world()
    const queues = ['email-high', 'email-low', 'sms-high', 'work-high', 'telegram-critical'] as const
    const readers = await Promise.all(queues.map((queue) => stream.read(queue, { buffer: 10 })))
    await stream.publish([
      step('email', 'high', 'email-high'),
      step('email', 'low', 'email-low'),
      step('sms', 'high', 'sms-high'),
      { subject: workSubject('chunk', 'high', tenant), data: bytes('work-high') },
      step('telegram', 'critical', 'telegram-critical'),
    ])
    const messages = await Promise.all(readers.map(one))
    expect(messages.map(({ queue }) => queue)).toEqual(queues)
    expect(messages.map(text)).toEqual(queues)
    expect(messages[0]?.subject).toBe(`work.step.email.high.${tenant}`)
    const backlog = await stream.backlog()
    expect(queues.map((queue) => backlog.get(queue))).toEqual([1, 1, 1, 1, 1])
    expect(backlog.get('push-normal')).toBe(0)
    await Promise.all(readers.map((reader, index) => reader.ack(messages.slice(index, index + 1))))
    await eventually(async () =>
      expect([...(await stream.backlog()).values()].every((waiting) => waiting === 0)).toBe(true),
    )
    expect(readers.map(({ ready }) => ready)).toEqual([0, 0, 0, 0, 0])
  })

  test('a scheduled step reaches its queue when it is due, and never if it is cancelled', async () => {
    const { stream } = await world()
    const reader = await stream.read('push-critical', { buffer: 10 })
    const at = Date.now() + 500
    await stream.publish([
      {
        ...step('push', 'critical', 'due'),
        schedule: { at, key: scheduleSubject(tenant, 'delay', 'plan-1') },
      },
      {
        ...step('push', 'critical', 'read'),
        schedule: { at, key: scheduleSubject(tenant, 'delay', 'plan-2') },
      },
      {
        ...step('push', 'critical', 'end'),
        schedule: { at: at + 300, key: scheduleSubject(tenant, 'delay', 'plan-3') },
      },
    ])
    await stream.cancel([scheduleSubject(tenant, 'delay', 'plan-2')])
    const due = await one(reader)
    expect(text(due)).toBe('due')
    expect(due.queue).toBe('push-critical')
    expect(due.appendedAt).toBeGreaterThanOrEqual(at)
    expect(text(await one(reader))).toBe('end')
  })

  test('a retried step keeps its queue, and a dead-lettered one its queue and tenant', async () => {
    const { stream } = await world()
    const [email, webhook] = await Promise.all([
      stream.read('email-normal', { buffer: 10 }),
      stream.read('webhook-normal', { buffer: 10 }),
    ])
    await stream.publish([step('email', 'normal', 'flaky'), step('webhook', 'normal', 'hopeless')])
    const [flaky, hopeless] = await Promise.all([one(email), one(webhook)])
    await email.retry([flaky], 200)
    await webhook.deadLetter([
      { message: hopeless, reason: { code: 'internal', detail: 'all providers failed' } },
    ])
    expect(await one(email)).toEqual({ ...flaky, deliveries: 2 })
    const [letter] = await stream.deadLetters({ tenant, limit: 10 })
    expect(letter).toMatchObject({ tenant, queue: 'webhook-normal', subject: hopeless.subject })
  })
}
