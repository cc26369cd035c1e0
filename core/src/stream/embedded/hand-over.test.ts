import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notifySubject } from '@carillon/schemas'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { CheckedNotification } from '../../notification/checked.ts'
import { type Database, openDatabase } from '../../sqlite/database.ts'
import { embeddedStream } from '../embedded.ts'
import type { OutgoingMessage } from '../port.ts'

const QUEUE = 'notify-normal'
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

const checked = (id: string): CheckedNotification => ({
  notification: { id, type: 'x', to: 'ada', priority: 'normal' },
  ...{ type: undefined, made: true, version: 0, revision: undefined, zone: 'UTC' },
})
const message = (id: string): OutgoingMessage => ({
  subject: notifySubject('acme', 'normal', 'x'),
  data: new TextEncoder().encode(id),
  checked: checked(id),
})
const textOf = ({ data }: { data: Uint8Array }) => new TextDecoder().decode(data)

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'carillon-stream-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const open = async (path = join(folder(), 'test.db'), changed: Partial<Database> = {}) => {
  const database = openDatabase(path)
  const stream = embeddedStream({ database: { ...database, ...changed } })
  onTestFinished(async () => {
    await stream.close()
    await database.close()
  })
  const written = () =>
    (database.handle.prepare('SELECT count(*) AS n FROM stream_messages').get() as { n: number }).n
  return { stream, written, path }
}

test('a checked notification is handled without being written, and then its publisher is answered', async () => {
  const { stream, written } = await open()
  const reader = await stream.read(QUEUE, { buffer: 10 })
  let isAnswered = false
  const publishing = stream.publish([message('a'), message('b')]).then((published) => {
    isAnswered = true
    return published
  })
  await eventually(() => expect(reader.ready).toBe(2))
  const messages = reader.take(10)
  expect(messages.map(({ checked }) => checked?.notification.id)).toEqual(['a', 'b'])
  expect((await stream.backlog()).get(QUEUE)).toBe(2)
  await reader.ack([messages[0]!])
  expect(isAnswered).toBe(false)
  await reader.ack([messages[1]!])
  expect(await publishing).toMatchObject([{ duplicate: false }, { duplicate: false }])
  expect([written(), (await stream.backlog()).get(QUEUE)]).toEqual([0, 0])
})

test('one that takes long is written, delivered once, and redelivered after a crash', async () => {
  const { stream, written, path } = await open()
  const reader = await stream.read(QUEUE, { buffer: 10 })
  await stream.publish([message('slow')])
  const [held] = reader.take(10)
  expect([held && textOf(held), written(), reader.ready]).toEqual(['slow', 1, 0])

  const copy = folder()
  cpSync(join(path, '..'), copy, { recursive: true })
  const after = await open(join(copy, 'test.db'))
  const again = await after.stream.read(QUEUE, { buffer: 10 })
  await eventually(() => expect(again.ready).toBe(1))
  expect(again.take(1)).toMatchObject([{ deliveries: 2, sequence: held?.sequence }])

  // A later message is read past the written one.
  await stream.publish([{ ...message('next'), checked: undefined as never }])
  await eventually(() => expect(reader.ready).toBe(1))
  const [next] = reader.take(10)
  expect(next && textOf(next)).toBe('next')
  await reader.ack([held!, next!])
  expect([written(), (await stream.backlog()).get(QUEUE)]).toEqual([0, 0])
})

test('one that fails is written before it is retried or dead-lettered', async () => {
  const { stream, written } = await open()
  const reader = await stream.read(QUEUE, { buffer: 10 })
  const publishing = stream.publish([message('again'), message('dead')])
  await eventually(() => expect(reader.ready).toBe(2))
  const [first, second] = reader.take(10)
  await reader.retry([first!], 1)
  await reader.deadLetter([{ message: second!, reason: { code: 'undeliverable', detail: 'no' } }])
  await publishing
  expect((await stream.deadLetters({ limit: 10 })).map(textOf)).toEqual(['dead'])
  await eventually(() => expect(reader.ready).toBe(1))
  const retried = reader.take(10)
  expect(retried.map(({ deliveries, data }) => [deliveries, textOf({ data })])).toEqual([[2, 'again']])
  await reader.ack(retried)
  expect([written(), (await stream.backlog()).get(QUEUE)]).toEqual([0, 0])
})

test('those that a closing reader did not take go to another one', async () => {
  const { stream } = await open()
  const reader = await stream.read(QUEUE, { buffer: 10 })
  const publishing = stream.publish([message('a')])
  await eventually(() => expect(reader.ready).toBe(1))
  await reader.close()
  await publishing
  const other = await stream.read(QUEUE, { buffer: 10 })
  await eventually(() => expect(other.ready).toBe(1))
  expect(other.take(1).map(textOf)).toEqual(['a'])
})

test('those for which readers have no room are written', async () => {
  const { stream, written } = await open()
  const reader = await stream.read(QUEUE, { buffer: 2 })
  await stream.publish([message('a'), message('b'), message('c')])
  expect(written()).toBe(3)
  await eventually(() => expect(reader.ready).toBe(2))
  await reader.ack(reader.take(2))
  await eventually(() => expect(reader.ready).toBe(1))
  expect(reader.take(2).map(textOf)).toEqual(['c'])
})

test('the publisher is refused if the disk fails to sync', async () => {
  const synced = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'SQLITE_IOERR_FSYNC' }))
  const { stream } = await open(undefined, { synced })
  const reader = await stream.read(QUEUE, { buffer: 10 })
  const publishing = stream.publish([message('a')])
  await eventually(() => expect(reader.ready).toBe(1))
  await Promise.all([
    expect(publishing).rejects.toMatchObject({ problem: { code: 'unavailable' } }),
    reader.ack(reader.take(1)),
  ])
})
