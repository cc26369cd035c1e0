import { randomUUID } from 'node:crypto'
import type { Report } from '@carillon/core/delivery/provider'
import { planKey, type Step, stepMessage } from '@carillon/core/delivery/step'
import { createSeal } from '@carillon/core/security/seal'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import type { Message, OutgoingMessage, Stream } from '@carillon/core/stream/port'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createReports, type Reports } from './reports.ts'

const seal = createSeal('a root secret for tests, long enough')
const TENANT = 'acme'
/** Earlier than any report. */
const SENT_AT = Date.now() - 60_000

let database: Database
let store: ReturnType<typeof sqliteStore>
let stream: Stream
let published: OutgoingMessage[]
let reports: Reports

beforeEach(async () => {
  database = openDatabase(':memory:')
  store = sqliteStore({ database, seal, retention: 90 * 86_400_000 })
  await store.migrate()
  stream = await embeddedStream({ database })
  published = []
  const publish: Stream['publish'] = (messages) => {
    published.push(...messages)
    return stream.publish(messages)
  }
  reports = createReports({ store, stream: { publish }, seal })
})
afterEach(async () => {
  await stream.close()
  await store.close()
  await database.close()
})

const step = (more: Partial<Step> = {}): Step => ({
  tenant: TENANT,
  user: 'ann',
  notification: randomUUID(),
  item: randomUUID(),
  type: 'test',
  priority: 'high',
  at: Date.now(),
  expiresAt: Date.now() + 60_000,
  plan: [
    { channel: 'sms', when: 'always', after: 0 },
    { channel: 'email', when: 'failed', after: 3_600 },
  ],
  index: 0,
  toAudience: false,
  destination: '',
  attempt: 2,
  ...more,
})
const report = (more: Partial<Report> = {}): Report => ({
  id: 'SM1',
  state: 'delivered',
  at: Date.now(),
  ...more,
})
const ledger = async ({ notification, toAudience }: Step) =>
  (await store.deliveries.list(TENANT, { id: notification, toAudience }, { limit: 10 })).deliveries
const states = async (of: Step) => (await ledger(of)).map(({ channel, state }) => `${channel} ${state}`)
const events = () =>
  published.filter(({ subject }) => subject.startsWith('event.')).map(({ subject }) => subject)
const waiting = async (): Promise<Step[]> => {
  const reader = await stream.read('email-high', { buffer: 10 })
  if (reader.ready === 0) await new Promise<void>((resolve) => reader.onReady(resolve))
  const messages: Message[] = reader.take(10)
  await reader.ack(messages)
  await reader.close()
  return messages.map(({ data }) => JSON.parse(Buffer.from(data).toString()) as Step)
}

describe('a report', () => {
  it('updates the ledger and the event log', async () => {
    const sent = step({ destination: 'phone' })
    await reports.remember(TENANT, [{ account: 'twilio', id: 'SM1', step: sent, at: SENT_AT }])
    const at = Date.now() - 5_000
    await reports.apply(TENANT, 'twilio', [report({ at })])
    expect(await ledger(sent)).toMatchObject([
      {
        user: 'ann',
        channel: 'sms',
        step: 0,
        device: 'phone',
        state: 'delivered',
        times: { delivered: new Date(at).toISOString() },
        provider: 'twilio',
        providerId: 'SM1',
      },
    ])
    const [event] = published
    expect(event?.subject).toBe('event.acme.delivery.delivered')
    expect(JSON.parse(Buffer.from(event!.data).toString())).toEqual({
      tenant: TENANT,
      notification: sent.notification,
      user: 'ann',
      channel: 'sms',
      step: 0,
      device: 'phone',
      state: 'delivered',
      at: new Date(at).toISOString(),
      attempt: 2,
      provider: 'twilio',
      providerId: 'SM1',
      reason: null,
      detail: null,
      nextAttemptAt: null,
    })
  })

  it('has the same result whenever and however often it arrives', async () => {
    const inOrder = step()
    const backwards = step()
    const early = step()
    const all = [report({ at: Date.now() - 9_000 }), report({ state: 'read', at: Date.now() - 5_000 })]
    const as = (id: string) => all.map((each) => ({ ...each, id }))
    await reports.remember(TENANT, [
      { account: 'twilio', id: 'SM1', step: inOrder, at: SENT_AT },
      { account: 'twilio', id: 'SM2', step: backwards, at: SENT_AT },
    ])
    for (const each of as('SM1')) await reports.apply(TENANT, 'twilio', [each])
    for (const each of as('SM2').reverse())
      for (let n = 0; n < 3; n++) await reports.apply(TENANT, 'twilio', [each])
    await reports.apply(TENANT, 'twilio', as('SM3'))
    expect(await ledger(early)).toEqual([])
    await reports.remember(TENANT, [{ account: 'twilio', id: 'SM3', step: early, at: SENT_AT }])
    const of = async (which: Step) => (await ledger(which)).map(({ state, times }) => ({ state, times }))
    expect(await of(inOrder)).toMatchObject([{ state: 'read' }])
    expect(await of(backwards)).toEqual(await of(inOrder))
    expect(await of(early)).toEqual(await of(inOrder))
  })

  it("is never older than the send, however wrong the provider's clock is", async () => {
    const sent = step()
    const at = Date.now()
    await store.deliveries.record(TENANT, [
      { ...sent, step: 0, channel: 'sms', device: '', state: 'sent', at: at - 900 },
    ])
    await reports.remember(TENANT, [{ account: 'twilio', id: 'SM1', step: sent, at: at - 900 }])
    await reports.apply(TENANT, 'twilio', [
      report({ state: 'failed', reason: 'unreachable', at: at - 5_000 }),
    ])
    expect(await ledger(sent)).toMatchObject([{ state: 'failed', reason: 'unreachable' }])
  })

  it('is not lost if it arrives while the record is stored', async () => {
    for (let n = 0; n < 20; n++) {
      const sent = step()
      await Promise.all([
        reports.apply(TENANT, 'twilio', [report({ id: `SM${n}` })]),
        reports.remember(TENANT, [{ account: 'twilio', id: `SM${n}`, step: sent, at: SENT_AT }]),
      ])
      expect(await states(sent)).toEqual(['sms delivered'])
    }
  })

  it('applies only to messages of its account and tenant', async () => {
    const sent = step()
    await reports.remember(TENANT, [{ account: 'twilio', id: 'SM1', step: sent, at: SENT_AT }])
    await reports.apply(TENANT, 'other', [report()])
    await reports.apply('globex', 'twilio', [report()])
    expect(await ledger(sent)).toEqual([])
    expect(published).toEqual([])
  })

  it('accepts an id of any length and an invalid time', async () => {
    const sent = step()
    const id = `<${'x'.repeat(900)}@mail.example>`
    await reports.remember(TENANT, [{ account: 'a'.repeat(64), id, step: sent, at: SENT_AT }])
    await reports.apply(TENANT, 'a'.repeat(64), [
      report({ id, at: Number.NaN }),
      report({ id, state: 'read', at: 9e15 }),
    ])
    const [row] = await ledger(sent)
    expect(Date.parse(row?.times.read ?? '')).toBeLessThanOrEqual(Date.now())
    expect(Date.parse(row?.times.delivered ?? '')).toBeLessThanOrEqual(Date.now())
  })
})

describe('a failure', () => {
  it('makes the next step due at once, and only once', async () => {
    const sent = step()
    const next = { ...sent, index: 1 }
    await stream.publish([stepMessage(next, { at: Date.now() + 3_600_000, key: planKey(sent) })])
    await reports.remember(TENANT, [{ account: 'twilio', id: 'SM1', step: sent, at: SENT_AT }])
    for (let n = 0; n < 3; n++)
      await reports.apply(TENANT, 'twilio', [report({ state: 'failed', reason: 'unreachable' })])
    expect(await states(sent)).toEqual(['sms failed'])
    const { destination: _, attempt: __, ...rest } = sent
    expect(await waiting()).toEqual([{ ...rest, index: 1, failed: true }])
    expect((await stream.backlog()).get('email-high') ?? 0).toBe(0)
  })

  it('has no consequence if the plan has continued or ended', async () => {
    const first = step()
    await store.deliveries.record(TENANT, [
      {
        notification: first.notification,
        user: 'ann',
        step: 1,
        channel: 'email',
        device: '',
        toAudience: false,
        state: 'sent',
        at: Date.now(),
      },
    ])
    const last = step({ index: 1 })
    await reports.remember(TENANT, [
      { account: 'twilio', id: 'SM1', step: first, at: SENT_AT },
      { account: 'twilio', id: 'SM2', step: last, at: SENT_AT },
    ])
    await reports.apply(TENANT, 'twilio', [
      report({ state: 'failed' }),
      report({ id: 'SM2', state: 'failed' }),
    ])
    expect(events()).toEqual(['event.acme.delivery.failed', 'event.acme.delivery.failed'])
    expect(published).toHaveLength(2)
  })

  it('on one device is not a failure of the step', async () => {
    const sent = step({ destination: 'phone' })
    await reports.remember(TENANT, [{ account: 'twilio', id: 'SM1', step: sent, at: SENT_AT }])
    await reports.apply(TENANT, 'twilio', [report({ state: 'failed' })])
    expect(published.map(({ subject }) => subject)).toEqual(['event.acme.delivery.failed'])
  })
})

describe('a bundle', () => {
  it('is applied with few calls if it contains thousands, with the same result as one by one', async () => {
    const calls = { of: 0, get: 0, put: 0, find: 0, record: 0, publish: 0 }
    const counting =
      <Args extends unknown[], Answer>(name: keyof typeof calls, call: (...given: Args) => Answer) =>
      (...given: Args): Answer => {
        calls[name]++
        return call(...given)
      }
    const { expiringKeys, deliveries, suppressions, variantFigures } = store
    const counted = createReports({
      store: {
        expiringKeys: {
          ...expiringKeys,
          get: counting('get', expiringKeys.get),
          put: counting('put', expiringKeys.put),
        },
        variantFigures,
        deliveries: {
          ...deliveries,
          of: counting('of', deliveries.of),
          record: counting('record', deliveries.record),
        },
        suppressions: {
          ...suppressions,
          find: counting('find', suppressions.find),
          put: counting('put', suppressions.put),
        },
      },
      stream: {
        publish: counting('publish', (messages: readonly OutgoingMessage[]) => stream.publish(messages)),
      },
      seal,
    })
    const steps = Array.from({ length: 2_000 }, () => step())
    await reports.remember(
      TENANT,
      steps.map((each, n) => ({ account: 'twilio', id: `SM${n}`, step: each, at: SENT_AT })),
    )
    await counted.apply(
      TENANT,
      'twilio',
      steps.map((_, n) =>
        report({
          id: `SM${n}`,
          state: 'failed',
          reason: 'opted_out',
          suppress: { channels: ['sms'], address: `+4915100000${n % 1_000}`, reason: 'stop' },
        }),
      ),
    )
    expect(Object.values(calls).reduce((sum, count) => sum + count, 0)).toBeLessThan(50)
    expect(await states(steps[1_999]!)).toEqual(['sms failed'])
    const found = await suppressions.find(
      TENANT,
      [0, 999, 1_000].map((n) => ({ channel: 'sms', address: `+4915100000${n}` })),
    )
    expect(found.map((each) => each?.reason)).toEqual(['stop', 'stop', undefined])
    expect((await stream.backlog()).get('email-high')).toBe(2_000)
  })
})

describe('STOP and START', () => {
  const address = '+4915112345678'
  const channels: ('sms' | 'mms')[] = ['sms', 'mms']
  const stop = (at: number): Report => ({ at, suppress: { channels, address, reason: 'stop' } })
  const start = (at: number): Report => ({ at, restore: { channels, address } })
  const suppressed = async () =>
    (
      await store.suppressions.find(
        TENANT,
        channels.map((channel) => ({ channel, address })),
      )
    ).map((each) => each?.reason)
  const past = Date.now() - 60_000

  it.each([
    ['STOP', [stop(past)], 'stop'],
    ['STOP, then START', [stop(past), start(past + 1)], undefined],
    ['START, then the STOP before it', [start(past + 1), stop(past)], undefined],
    ['START, then STOP', [start(past), stop(past + 1)], 'stop'],
    ['STOP, then the START before it', [stop(past + 1), start(past)], 'stop'],
  ])('%s', async (_, said, reason) => {
    for (const each of said) await reports.apply(TENANT, 'twilio', [each])
    expect(await suppressed()).toEqual([reason, reason])
    await reports.apply(TENANT, 'twilio', said.slice(-1))
    expect(await suppressed()).toEqual([reason, reason])
    await store.suppressions.remove(
      TENANT,
      channels.map((channel) => ({ channel, address })),
    )
    await reports.apply(TENANT, 'bundle', said)
    expect(await suppressed(), 'in one bundle').toEqual([reason, reason])
  })

  it("START does not lift a bounce or an operator's entry", async () => {
    const put = (reason: 'bounce' | 'manual') =>
      store.suppressions.put(TENANT, [
        { channel: 'sms', address, reason, at: new Date(past).toISOString(), source: null },
      ])
    for (const reason of ['bounce', 'manual'] as const) {
      await put(reason)
      await reports.apply(TENANT, 'twilio', [start(Date.now())])
      expect((await suppressed())[0]).toBe(reason)
    }
  })
})
