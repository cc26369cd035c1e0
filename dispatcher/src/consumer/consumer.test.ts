import { ProblemError, UnavailableError } from '@carillon/core/errors'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { embeddedStream } from '@carillon/core/stream/embedded'
import type { Message, Stream } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics, type Metrics } from '@carillon/core/telemetry/metrics'
import { notifySubject, type Priority } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Consumer, type ConsumerOptions, createConsumer, type Feed, type Handle } from './consumer.ts'
import { MAX_DELIVERIES } from './fault-policy.ts'
import { createOutages, type Outages } from './outages.ts'

let database: Database
let stream: Stream
let outages: Outages
let metrics: Metrics
let consumers: Consumer[]
const log = createLog({ level: 'silent', role: 'test' })

beforeEach(() => {
  database = openDatabase(':memory:')
  stream = embeddedStream({ database })
  metrics = createMetrics()
  outages = createOutages({ log, metrics })
  consumers = []
})
afterEach(async () => {
  const stopped = Promise.all(consumers.map((consumer) => consumer.stop()))
  outages.stop()
  await stopped
  await stream.close()
  await database.close()
})

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const bodyOf = ({ data }: Message) => decoder.decode(data)
const publish = (priority: Priority, ...bodies: string[]) =>
  stream.publish(
    bodies.map((body) => ({ subject: notifySubject('acme', priority, 'x'), data: encoder.encode(body) })),
  )
const queue = async (priority: Priority, handle: Handle, more: Partial<Feed> = {}): Promise<Feed> => ({
  reader: await stream.read(`notify-${priority}`, { buffer: 100 }),
  handle,
  batch: 10,
  weight: 1,
  ...more,
})
const consume = (queues: Feed[], options: ConsumerOptions = {}) => {
  const pauses = { firstMs: 1, capMs: 2 }
  const consumer = createConsumer(queues, { outages, log, metrics }, { retryPauses: pauses, ...options })
  consumers.push(consumer)
  return consumer
}
const done = (messages: readonly Message[]) => messages.map((message) => ({ message }))
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
const backlog = async () => [...(await stream.backlog()).values()].reduce((sum, count) => sum + count, 0)
const quiet = () => until(async () => expect(await backlog()).toBe(0))
const letters = async () =>
  (await stream.deadLetters({ limit: 100 })).map(({ data, reason }) => [decoder.decode(data), reason.code])
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}${n}`)
/** Returns a promise and a function that resolves it. */
const gate = () => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('turns', () => {
  test('follow the weights of the queues that share the concurrency', async () => {
    const order: string[] = []
    const handle: Handle = async (messages) => {
      order.push(...messages.map(bodyOf))
      return done(messages)
    }
    await publish('low', ...numbered('low', 40))
    await publish('high', ...numbered('high', 40))
    const queues = [
      await queue('low', handle, { batch: 1, weight: 1 }),
      await queue('high', handle, { batch: 1, weight: 4 }),
    ]
    await until(() => expect(queues.map(({ reader }) => reader.ready)).toEqual([40, 40]))
    consume(queues, { concurrency: 1 })
    await quiet()
    const early = order.slice(0, 30).filter((body) => body.startsWith('high'))
    expect(early).toHaveLength(24)
    expect(order).toHaveLength(80)
  })

  test('end once their messages reach the cost of a turn', async () => {
    const turns: string[][] = []
    const handle: Handle = async (messages) => {
      turns.push(messages.map(bodyOf))
      return done(messages)
    }
    await publish('normal', 'small', 'large', 'small', 'large', 'large', 'small')
    const costOf = (message: Message) => (bodyOf(message) === 'large' ? 4 : 1)
    const normal = await queue('normal', handle, { batch: 8, costOf })
    await until(() => expect(normal.reader.ready).toBe(6))
    consume([normal], { concurrency: 1 })
    await quiet()
    expect(turns).toEqual([
      ['small', 'large', 'small', 'large'],
      ['large', 'small'],
    ])
  })

  test('reserve one place for critical messages', async () => {
    const stuck = gate()
    const order: string[] = []
    const handle: Handle = async (messages) => {
      order.push(...messages.map(bodyOf))
      if (order.length === 1) await stuck.opened
      return done(messages)
    }
    consume([await queue('normal', handle, { batch: 1 }), await queue('critical', handle)], {
      concurrency: 1,
    })
    await publish('normal', 'stuck', 'waits')
    await until(() => expect(order).toEqual(['stuck']))
    await publish('critical', 'urgent')
    await until(() => expect(order).toEqual(['stuck', 'urgent']))
    stuck.open()
    await quiet()
    expect(order).toEqual(['stuck', 'urgent', 'waits'])
  })
})

describe('a message that fails', () => {
  test('is handled separately from its batch, and dead-lettered after the last delivery', async () => {
    const handled: string[] = []
    const poison = vi.fn()
    await publish('normal', 'a', 'poison', 'b')
    const queues = [
      await queue('normal', async (messages) => {
        if (messages.some((message) => bodyOf(message) === 'poison')) {
          if (messages.length === 1) poison()
          throw new TypeError('no such table')
        }
        handled.push(...messages.map(bodyOf))
        return done(messages)
      }),
    ]
    await until(() => expect(queues[0]?.reader.ready).toBe(3))
    consume(queues)
    await quiet()
    expect(handled).toEqual(['a', 'b'])
    expect(poison).toHaveBeenCalledTimes(MAX_DELIVERIES)
    expect(await letters()).toEqual([['poison', 'too_many_attempts']])
    expect(await metrics.registry.getSingleMetricAsString('carillon_messages_retried_total')).toContain(
      `{queue="notify-normal"} ${MAX_DELIVERIES - 1}`,
    )
  })

  test('is dead-lettered at once if the failure is a problem', async () => {
    consume([
      await queue('normal', async () => {
        throw new ProblemError('type_unknown', 'no such type')
      }),
    ])
    await publish('normal', 'refused')
    await quiet()
    expect(await letters()).toEqual([['refused', 'type_unknown']])
  })

  test('is no longer handled if it ends its process every time', async () => {
    await publish('normal', 'deadly', 'later')
    const reader = await stream.read('notify-normal', { buffer: 1 })
    for (let delivery = 1; delivery <= MAX_DELIVERIES; delivery++) {
      await until(() => expect(reader.ready).toBe(1))
      await reader.retry(reader.take(1), 0)
    }
    await reader.close()
    const handled: string[] = []
    consume([
      await queue('normal', async (messages) => {
        handled.push(...messages.map(bodyOf))
        return done(messages)
      }),
    ])
    await quiet()
    expect(handled).toEqual(['later'])
    expect(await letters()).toEqual([['deadly', 'too_many_attempts']])
  })
})

describe('an outage', () => {
  test('pauses new work, counts no delivery, and work resumes by itself', async () => {
    const deliveries: number[] = []
    let refusals = 0
    const handle: Handle = async (messages) => {
      if (refusals++ < 3) throw new UnavailableError('store', new Error('down'))
      deliveries.push(...messages.map((message) => message.deliveries))
      return done(messages)
    }
    const other = vi.fn(async (messages: readonly Message[]) => done(messages))
    consume([await queue('normal', handle)])
    consume([await queue('low', other)])
    await publish('normal', 'a')
    await until(() => expect(outages.now).toBe(true))
    await publish('low', 'b')
    expect(other).not.toHaveBeenCalled()
    await quiet()
    expect([deliveries, await letters()]).toEqual([[1], []])
    expect(other).toHaveBeenCalledOnce()
  })

  test('does not prevent a process from stopping, and the log keeps the message', async () => {
    const consumer = consume([
      await queue('normal', async () => {
        throw new UnavailableError('store', new Error('down'))
      }),
    ])
    await publish('normal', 'a')
    await until(() => expect(outages.now).toBe(true))
    const stopped = consumer.stop()
    outages.stop()
    await stopped
    expect([await backlog(), await letters()]).toEqual([1, []])
  })
})

describe('messages that end independently', () => {
  test('do not wait for each other', async () => {
    const stuck = gate()
    const consumer = consume([
      await queue('normal', async (messages) =>
        messages.map((message) => ({
          message,
          ending:
            bodyOf(message) === 'slow' ? stuck.opened.then(() => undefined) : Promise.resolve(undefined),
        })),
      ),
    ])
    await publish('normal', 'slow', ...numbered('n', 30))
    await until(async () => expect(await backlog()).toBe(1))
    const stopped = consumer.stop()
    stuck.open()
    await stopped
    expect(await backlog()).toBe(0)
  })

  test('fail independently, and are dead-lettered with their reason', async () => {
    const tried = new Map<string, number>()
    consume([
      await queue('normal', async (messages) =>
        messages.map((message) => {
          const body = bodyOf(message)
          tried.set(body, (tried.get(body) ?? 0) + 1)
          const ending = async () => {
            if (body === 'breaks') throw new TypeError('broken')
            return body === 'refused' ? ({ code: 'undeliverable', detail: 'landline' } as const) : undefined
          }
          return { message, ending: ending() }
        }),
      ),
    ])
    await publish('normal', 'a', 'breaks', 'refused', 'b')
    await quiet()
    expect(Object.fromEntries(tried)).toEqual({ a: 1, breaks: MAX_DELIVERIES, refused: 1, b: 1 })
    expect((await letters()).sort()).toEqual([
      ['breaks', 'too_many_attempts'],
      ['refused', 'undeliverable'],
    ])
  })
})

test('a stopping consumer finishes its current messages and returns the others', async () => {
  const stuck = gate()
  const handled: string[] = []
  const consumer = consume(
    [
      await queue(
        'normal',
        async (messages) => {
          handled.push(...messages.map(bodyOf))
          await stuck.opened
          return done(messages)
        },
        { batch: 1 },
      ),
    ],
    { concurrency: 1 },
  )
  await publish('normal', 'a', 'b')
  await until(() => expect(handled).toEqual(['a']))
  const stopped = consumer.stop()
  stuck.open()
  await stopped
  expect([handled, await backlog()]).toEqual([['a'], 1])
  const rest: string[] = []
  consume([
    await queue('normal', async (messages) => {
      rest.push(...messages.map(bodyOf))
      return done(messages)
    }),
  ])
  await quiet()
  expect(rest).toEqual(['b'])
})
