import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lane, notifySubject, scheduleSubject, workSubject } from '@carillon/schemas'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DEAD_LETTER_MAX_BYTES, type Message, type Reader, type Stream } from './port.ts'

/** An event log of one test's own, and the fates that may befall it. */
export type World = {
  /** How one process sees the log. */
  stream: Stream
  /** Another process. Where the log is made for one, the same stream. */
  other(): Promise<Stream>
  /** The process dies without a word; the stream of the one that takes its place. */
  die(): Promise<Stream>
  /** The log itself dies without a word and comes back; a stream to go on with. */
  restart(): Promise<Stream>
  /** The log goes out of reach. */
  down(): Promise<void>
  end(): Promise<void>
}

/** `full`: a log that takes at most some 20 messages of 10 kB. `ackWaitMs` as the log was told. */
export type Harness = { open(options?: { full: boolean }): Promise<World>; ackWaitMs: number }

/** What every event log keeps to. */
export const streamContract = (name: string, { open, ackWaitMs }: Harness) => {
  const world = async (options?: { full: boolean }) => {
    const made = await open(options)
    onTestFinished(made.end)
    return made
  }
  const tenant = `t${randomUUID().slice(0, 8)}`
  const lane: Lane = 'notify-normal'
  const subject = notifySubject(tenant, 'normal', 'comment.created')
  const bytes = (text: string) => new TextEncoder().encode(text)
  const text = ({ data }: { data: Uint8Array }) => new TextDecoder().decode(data)
  const notify = (body: string, dedupe?: string) => ({
    subject,
    data: bytes(body),
    ...(dedupe && { dedupe: `${tenant} ${dedupe}` }),
  })
  const later = (key: string, body: string, at: number, dedupe?: string) => ({
    ...notify(body, dedupe),
    subject: workSubject('due', 'high', tenant),
    schedule: { at, key: scheduleSubject(tenant, key) },
  })
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => notify(String(index)))

  const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

  /** Waits until that many have been taken. */
  const take = async (reader: Reader, count: number): Promise<Message[]> => {
    const taken = reader.take(count)
    while (taken.length < count) {
      await new Promise<void>((resolve) => reader.onReady(resolve))
      taken.push(...reader.take(count - taken.length))
    }
    return taken
  }
  const one = async (reader: Reader): Promise<Message> => {
    const [message] = await take(reader, 1)
    if (!message) throw new Error('nothing was taken')
    return message
  }

  describe(name, () => {
    test('gives what was published to a reader of its lane, until it is acked', async () => {
      const { stream } = await world()
      const before = Date.now()
      const [published] = await stream.publish([notify('hello', 'a')])
      const reader = await stream.read(lane, { buffer: 10 })
      const message = await one(reader)
      expect(message).toMatchObject({
        lane,
        subject,
        dedupe: `${tenant} a`,
        sequence: published?.sequence,
        deliveries: 1,
      })
      expect(text(message)).toBe('hello')
      expect(message.data.length).toBe(5)
      expect(message.appendedAt).toBeGreaterThanOrEqual(before - 1)
      expect(message.appendedAt).toBeLessThanOrEqual(Date.now() + 1)
      expect((await stream.backlog()).get(lane)).toBe(1)
      await reader.ack([message])
      await eventually(async () => expect((await stream.backlog()).get(lane)).toBe(0))
    })

    test('wakes a reader that waits', async () => {
      const { stream } = await world()
      const reader = await stream.read('work-high', { buffer: 10 })
      const waiting = one(reader)
      await stream.publish([{ subject: workSubject('wake', 'high', tenant), data: bytes('up') }])
      expect(text(await waiting)).toBe('up')
      await expect(stream.check()).resolves.toBeUndefined()
    })

    test('keeps the order within a lane, and lanes apart', async () => {
      const { stream } = await world()
      const critical = { subject: notifySubject(tenant, 'critical', 'otp'), data: bytes('first') }
      await stream.publish([...numbered(400), critical])
      const [normal, urgent] = await Promise.all([
        stream.read(lane, { buffer: 1_000 }),
        stream.read('notify-critical', { buffer: 10 }),
      ])
      expect((await take(normal, 400)).map(text)).toEqual(numbered(400).map(text))
      expect(text(await one(urgent))).toBe('first')
    })

    test('appends once what is published again, whatever happened in between', async () => {
      const { stream, restart } = await world()
      const [first, twin] = await stream.publish([notify('1', 'same'), notify('1', 'same')])
      expect(first?.duplicate).toBe(false)
      expect(twin).toEqual({ sequence: first?.sequence, duplicate: true })
      const reader = await stream.read(lane, { buffer: 10 })
      await reader.ack([await one(reader)])
      await eventually(async () => expect((await stream.backlog()).get(lane)).toBe(0))

      const after = await restart()
      expect(await after.publish([notify('1', 'same')])).toEqual([twin])
      // An ack of the last moment may be lost with the log, a message that was accepted may not double.
      expect((await after.backlog()).get(lane)).toBeLessThanOrEqual(1)
    })

    test('gives each message to one of several readers', async () => {
      const { stream, other } = await world()
      const readers = [
        await stream.read(lane, { buffer: 50 }),
        await (await other()).read(lane, { buffer: 50 }),
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

    test('delivers again after a retry, not before its delay, and counts', async () => {
      const { stream } = await world()
      await stream.publish([notify('flaky'), notify('fine')])
      const reader = await stream.read(lane, { buffer: 10 })
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

    test('delivers again what a dead process held, and counts that delivery', async () => {
      const { stream, die } = await world()
      await stream.publish([notify('held'), notify('done')])
      const reader = await stream.read(lane, { buffer: 10 })
      const [held, done] = await take(reader, 2)
      if (!held || !done) throw new Error('two were published')
      await reader.ack([done])
      await eventually(async () => expect((await stream.backlog()).get(lane)).toBe(1))

      const successor = await die()
      const again = await one(await successor.read(lane, { buffer: 10 }))
      expect(again).toEqual({ ...held, deliveries: 2 })
      expect((await successor.backlog()).get(lane)).toBe(1)
    })

    test('leaves a message with a living reader, however long it takes', async () => {
      const { stream, other } = await world()
      await stream.publish([notify('slow'), notify('not even taken')])
      const slow = await stream.read(lane, { buffer: 2 })
      const message = await one(slow)
      const idle = await (await other()).read(lane, { buffer: 10 })
      await sleep(ackWaitMs * 2.5)
      expect([idle.ready, slow.ready]).toEqual([0, 1])
      await slow.ack([message, ...slow.take(1)])
      await eventually(async () => expect((await stream.backlog()).get(lane)).toBe(0))
    })

    test('buries a message with its reason, once, and leaves its neighbours alone', async () => {
      const { stream } = await world()
      await stream.publish([notify('before'), notify('bad'), notify('after')])
      const reader = await stream.read(lane, { buffer: 10 })
      const [before, bad, after] = await take(reader, 3)
      if (!before || !bad || !after) throw new Error('three were published')
      const letter = {
        message: bad,
        reason: { code: 'invalid_request', detail: ' no\r\nCarillon-Code: title – ünïcode ' },
      } as const
      const buried = Date.now()
      await reader.bury([letter])
      await reader.bury([letter])
      const letters = await stream.deadLetters({ tenant, limit: 10 })
      expect(letters).toEqual([
        {
          sequence: expect.any(Number),
          tenant,
          lane,
          subject,
          reason: { code: 'invalid_request', detail: 'no Carillon-Code: title – ünïcode' },
          data: expect.anything(),
          truncated: false,
          origin: bad.sequence,
          buriedAt: expect.any(Number),
        },
      ])
      expect(letters.map(text)).toEqual(['bad'])
      expect(letters[0]?.buriedAt).toBeGreaterThanOrEqual(buried - 1)
      await reader.retry([before, after], 0)
      expect((await take(reader, 2)).map(text).sort()).toEqual(['after', 'before'])
    })

    test('lists dead letters by tenant and position, cuts large ones, files strange tenants under _', async () => {
      const { stream, restart } = await world()
      const large = new Uint8Array(DEAD_LETTER_MAX_BYTES + 1).fill(7)
      const strange = { subject: 'notify.not@tenant.normal.x', data: bytes('strange') }
      await stream.publish([notify('a'), strange, { subject, data: large }])
      const reader = await stream.read(lane, { buffer: 10 })
      const reason = { code: 'subject_invalid', detail: 'why' } as const
      for (const message of await take(reader, 3)) await reader.bury([{ message, reason }])

      const kept = await restart()
      const all = await kept.deadLetters({ limit: 10 })
      expect(all.map((letter) => letter.tenant)).toEqual([tenant, '_', tenant])
      expect(all.map(({ data, truncated }) => [data.length, truncated])).toEqual([
        [1, false],
        [7, false],
        [DEAD_LETTER_MAX_BYTES, true],
      ])
      const second = await kept.deadLetters({ tenant, from: (all[0]?.sequence ?? 0) + 1, limit: 10 })
      expect(second.map(({ sequence }) => sequence)).toEqual([all[2]?.sequence])
      expect(await kept.deadLetters({ tenant, limit: 1 })).toHaveLength(1)
      expect(await kept.deadLetters({ tenant: 'nobody', limit: 10 })).toEqual([])
      expect(await kept.deadLetters({ tenant: 'not@tenant', limit: 10 })).toEqual([])
    })

    test('delivers a schedule at its time, once', async () => {
      const { stream } = await world()
      const reader = await stream.read('work-high', { buffer: 10 })
      const at = Date.now() + 800
      const first = await stream.publish([later('k', 'now', at, 'd'), later('end', 'end', at + 400)])
      const again = await stream.publish([later('k', 'now', at, 'd')])
      expect([first[0]?.duplicate, again[0]?.duplicate]).toEqual([false, true])
      expect((await stream.backlog()).get('work-high')).toBe(0)
      const [due, end] = await take(reader, 2)
      if (!due || !end) throw new Error('two were scheduled')
      expect([due, end].map(text)).toEqual(['now', 'end'])
      expect(due).toMatchObject({ subject: workSubject('due', 'high', tenant), deliveries: 1 })
      expect(due.appendedAt).toBeGreaterThanOrEqual(at)
      await reader.ack([due, end])
      expect(await stream.publish([later('k', 'now', at, 'd')])).toMatchObject([{ duplicate: true }])
    })

    test('replaces and cancels schedules by their key', async () => {
      const { stream } = await world()
      const reader = await stream.read('work-high', { buffer: 10 })
      const at = Date.now() + 1_000
      await stream.publish([
        later('a', 'old', at),
        later('b', 'old', at),
        later('c', 'old', at),
        later('end', 'end', at + 300),
      ])
      await stream.publish([later('a', 'replaced', at + 100), later('b', 'at once', Date.now() - 1)])
      await stream.cancel([scheduleSubject(tenant, 'c'), scheduleSubject(tenant, 'unknown')])
      expect((await take(reader, 3)).map(text)).toEqual(['at once', 'replaced', 'end'])
    })

    test('keeps schedules while the log is away', async () => {
      const { stream, restart } = await world()
      const at = Date.now() + 800
      await stream.publish([later('k', 'waited', at)])
      const after = await restart()
      const message = await one(await after.read('work-high', { buffer: 10 }))
      expect(text(message)).toBe('waited')
      expect(message.appendedAt).toBeGreaterThanOrEqual(at)
    })

    test('never holds more than the buffer', async () => {
      const { stream } = await world()
      await stream.publish(numbered(5_000))
      const reader = await stream.read(lane, { buffer: 100 })
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
      await eventually(async () => expect((await stream.backlog()).get(lane)).toBe(0))
    })

    test('gives back what was not taken when it closes; what was taken can still be acked', async () => {
      const { stream, other } = await world()
      await stream.publish(numbered(10))
      const closing = await stream.read(lane, { buffer: 10 })
      await eventually(() => expect(closing.ready).toBe(10))
      const mine = closing.take(3)
      await closing.close()
      const next = await (await other()).read(lane, { buffer: 10 })
      const rest = await take(next, 7)
      expect(rest.map(text).sort()).toEqual(['3', '4', '5', '6', '7', '8', '9'])
      await Promise.all([closing.ack(mine), next.ack(rest)])
      expect([closing.ready, next.ready]).toEqual([0, 0])
      await eventually(async () => expect((await stream.backlog()).get(lane)).toBe(0))
    })

    test('refuses when it is full, and keeps what it has', async () => {
      const { stream } = await world({ full: true })
      let accepted = 0
      const fill = async () => {
        for (; accepted < 100; accepted++) await stream.publish([{ subject, data: new Uint8Array(10_000) }])
      }
      await expect(fill()).rejects.toMatchObject({ problem: { code: 'stream_full', temporary: true } })
      const reader = await stream.read(lane, { buffer: 100 })
      expect(await take(reader, accepted)).toHaveLength(accepted)
      expect(accepted).toBeGreaterThan(1)
    })

    test('loses nothing it accepted when it dies', async () => {
      const { stream, restart } = await world()
      const accepted: string[] = []
      const publishing = Array.from({ length: 20 }, async (_, batch) => {
        const messages = Array.from({ length: 20 }, (_, index) => notify(`${batch}-${index}`))
        await stream.publish(messages)
        accepted.push(...messages.map(text))
      })
      await Promise.race(publishing)
      const after = await restart()
      await Promise.allSettled(publishing)
      const reader = await after.read(lane, { buffer: 1_000 })
      const found = new Set<string>()
      while (accepted.some((each) => !found.has(each))) found.add(text(await one(reader)))
      expect(found.size).toBeGreaterThanOrEqual(20)
    })

    test('says that it is out of reach, and never waits without end', async () => {
      const { stream, down } = await world()
      const reader = await stream.read(lane, { buffer: 10 })
      await stream.publish([notify('held')])
      const message = await one(reader)
      await down()
      const away = { problem: { code: 'unavailable' }, part: 'stream' }
      await expect(stream.check()).rejects.toMatchObject(away)
      await expect(stream.publish([notify('x')])).rejects.toMatchObject(away)
      await expect(stream.cancel([scheduleSubject(tenant, 'k')])).rejects.toMatchObject(away)
      await expect(reader.ack([message])).rejects.toMatchObject(away)
    })
  })
}
