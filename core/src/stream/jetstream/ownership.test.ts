import { notifySubject, scheduleSubject, workSubject } from '@carillon/schemas'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SetupError } from '../../errors.ts'
import { LAYOUT } from '../../installation/layout.ts'
import { natsServerPath, startNatsServer } from '../../nats/testing/server.ts'
import { connectNats, jetstreamStream } from '../jetstream.ts'

const path = natsServerPath()
const bytes = (text: string) => new TextEncoder().encode(text)

describe.skipIf(!path)('streams of several installations', () => {
  let server: Awaited<ReturnType<typeof startNatsServer>>
  let connection: NatsConnection
  let manager: Awaited<ReturnType<typeof jetstreamManager>>
  beforeAll(async () => {
    server = await startNatsServer(path ?? '')
    connection = await connectNats(server.url, 'test')
    manager = await jetstreamManager(connection)
  })
  afterAll(async () => {
    await connection.close()
    await server.end()
  })
  const streams = async () => {
    const found = []
    for await (const { config, state, created } of manager.streams.list())
      found.push({ config, state, created })
    return found.sort((a, b) => a.config.name.localeCompare(b.config.name))
  }
  beforeEach(async () => {
    for (const { config } of await streams()) await manager.streams.delete(config.name)
  })

  const refusal = async (namespace: string) => {
    const before = await streams()
    const error = await jetstreamStream({ connection, namespace }).catch((error: unknown) => error)
    expect(await streams()).toEqual(before)
    expect(error).toBeInstanceOf(SetupError)
    return String(error)
  }

  test('have the namespace in stream and consumer names and in internal subjects', async () => {
    const stream = await jetstreamStream({ connection, namespace: 'one' })
    const schedule = { at: Date.now() + 60_000, key: scheduleSubject('acme', 'delay', 'later') }
    await stream.publish([
      { subject: notifySubject('acme', 'low', 'x'), data: bytes('1') },
      { subject: workSubject('chunk', 'low', 'acme'), data: bytes('2') },
      { subject: workSubject('due', 'low', 'acme'), data: bytes('3'), schedule },
    ])
    const subjects: string[] = []
    for (const { config } of await streams()) {
      expect(config.name).toMatch(/_one$/)
      expect(config.metadata).toMatchObject({ 'carillon-namespace': 'one', 'carillon-layout': `${LAYOUT}` })
      const { state } = await manager.streams.info(config.name, { subjects_filter: '>' })
      subjects.push(...Object.keys(state.subjects ?? {}))
      for await (const { name } of manager.consumers.list(config.name)) expect(name).toMatch(/_one$/)
    }
    expect(subjects.sort()).toEqual([
      'notify.acme.low.x',
      'schedule.one.acme.delay.later',
      'work.one.chunk.low.acme',
    ])
    const reader = await stream.read('work-low', { buffer: 1 })
    if (reader.ready === 0) await new Promise<void>((resolve) => reader.onReady(resolve))
    expect(reader.take(1)).toMatchObject([{ subject: 'work.chunk.low.acme' }])
    await stream.close()
  })

  test("another installation's streams are rejected by name and left unchanged", async () => {
    await (await jetstreamStream({ connection, namespace: 'one' })).close()
    expect(await refusal('two')).toMatch(
      /NATS stream NOTIFY_one \(notify\.>\) belongs to the installation one, and this one is two: give each installation a NATS account of its own/,
    )
  })

  test('at most one of two installations that start at once on an empty account runs', async () => {
    const starts = await Promise.allSettled(
      ['one', 'two'].map((namespace) => jetstreamStream({ connection, namespace })),
    )
    const refused = starts.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const error of refused)
      expect(String(error)).toMatch(/^SetupError: .*belongs to the installation (one|two)/)
    for (const each of starts) if (each.status === 'fulfilled') await each.value.close()
  })

  test.each([
    ['an older Carillon', { name: 'NOTIFY', subjects: ['notify.>'] }, /older Carillon .*Delete it/],
    [
      'an older Carillon, with the subjects of work',
      { name: 'WORK', subjects: ['work.*.low.*', 'schedule.>'] },
      /WORK/,
    ],
    [
      'another program',
      { name: 'MINE', subjects: ['notify.acme.>'] },
      /MINE \(notify\.acme\.>\) was made by/,
    ],
    [
      'an older layout of the same installation',
      {
        name: 'DEAD_one',
        subjects: ['dead.>'],
        metadata: { 'carillon-namespace': 'one', 'carillon-layout': '1' },
      },
      /layout 1; this version needs/,
    ],
    [
      'a newer Carillon',
      {
        name: 'EVENT_one',
        subjects: ['event.>'],
        metadata: { 'carillon-namespace': 'one', 'carillon-layout': `${LAYOUT + 1}` },
      },
      /newer Carillon .*run that version/,
    ],
  ])('a stream of %s is rejected and left unchanged', async (_, config, words) => {
    await manager.streams.add(config)
    const [subject = ''] = config.subjects
    await jetstream(connection).publish(subject.replace(/[*>]/g, 'x'), bytes('kept'))
    expect(await refusal('one')).toMatch(words)
  })
})
