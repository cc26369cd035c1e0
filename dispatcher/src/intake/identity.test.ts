import { randomUUID } from 'node:crypto'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { DEDUPE_WINDOW_MS } from '@carillon/core/stream/port'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIdentify, type Identified } from './identity.ts'
import type { Incoming, Name } from './notification.ts'

const DAY_MS = 86_400_000
const database = openDatabase(':memory:')
const { notifications, migrate } = sqliteStore({
  database,
  seal: createSeal('a secret only for tests'),
  retention: DAY_MS,
})
beforeAll(() => migrate())
afterAll(() => database.close())

const NOW = Date.now()
const identifier = () => createIdentify(notifications, { retentionMs: DAY_MS })

type Given = { tenant: string; name: Name; at?: number; again?: boolean; type?: string; content?: string }

const incoming = ({ tenant, name, at = NOW, again = false, type = 'x', content = 'A' }: Given): Incoming => ({
  tenant,
  zone: 'UTC',
  name,
  appendedAt: at,
  again,
  notification: { to: 'ada', type, title: content, priority: 'normal' },
  fingerprint: content,
  place: [],
  warnings: [],
})

/** Identifies a batch, stores the accepted notifications, and returns the result for each. */
const settled = async (batch: readonly Incoming[], identify = identifier()): Promise<Identified[]> => {
  const identities = await identify(batch)
  const answers = batch.map(identities.of).map((answer) => {
    if ('refused' in answer) return answer
    const { id, acceptedAt } = answer
    return { id, acceptedAt }
  })
  await notifications.put(
    batch.flatMap(({ tenant, notification: { type, priority }, fingerprint }, index) => {
      const answer = answers[index]
      if (!answer || 'refused' in answer) return []
      const { id, acceptedAt } = answer
      return [{ tenant, id, type, priority, acceptedAt, fingerprint, chains: 0, direct: 1 }]
    }),
  )
  identities.release()
  return answers
}
const codeOf = (answer: Identified | undefined) =>
  answer && ('refused' in answer ? answer.refused.code : 'accepted')
const idOf = (answer: Identified | undefined) => (answer && 'id' in answer ? answer.id : undefined)

const fresh = () => derivedUuid7(NOW - 5, randomUUID())

test.each<[string, () => Name]>([
  ['an id of the notification', () => ({ by: 'sender', id: 'order-9' })],
  ['a fresh UUIDv7', () => ({ by: 'sender', id: fresh() })],
  ['an old UUIDv7', () => ({ by: 'sender', id: derivedUuid7(NOW - DAY_MS, randomUUID()) })],
  ['the id of a CloudEvent', () => ({ by: 'event', id: `ce_${randomUUID()}` })],
  ['a Nats-Msg-Id', () => ({ by: 'publisher', messageId: 'm1' })],
])('%s belongs to its first content, within its tenant', async (_, newName) => {
  const [tenant, other] = [randomUUID(), randomUUID()]
  const name = newName()
  const [first] = await settled([incoming({ tenant, name })])
  expect(codeOf(first)).toBe('accepted')
  expect(await settled([incoming({ tenant, name, at: NOW + 60_000 })])).toEqual([first])
  const answers = await settled([
    incoming({ tenant, name, content: 'B', at: NOW + 60_000 }),
    incoming({ tenant, name, at: NOW }),
    incoming({ tenant: other, name, content: 'B' }),
  ])
  expect(answers.map(codeOf)).toEqual(['id_reused', 'accepted', 'accepted'])
  expect(answers[1]).toEqual(first)
})

test.each<[string, () => Name]>([
  ['ids', () => ({ by: 'sender', id: 'order-9' })],
  ['fresh UUIDv7s', () => ({ by: 'sender', id: fresh() })],
  ['Nats-Msg-Ids', () => ({ by: 'publisher', messageId: 'm1' })],
])('accepts the first of two contents in one batch (%s)', async (_, newName) => {
  const tenant = randomUUID()
  const name = newName()
  const batch = ['A', 'B', 'A'].map((content, index) => incoming({ tenant, name, content, at: NOW + index }))
  const answers = await settled(batch)
  expect(answers.map(codeOf)).toEqual(['accepted', 'id_reused', 'accepted'])
  expect(answers[2]).toEqual(answers[0])
})

test('keeps a fresh UUIDv7 in flight until its batch is released', async () => {
  const tenant = randomUUID()
  const name: Name = { by: 'sender', id: fresh() }
  const identify = identifier()
  const first = await identify([incoming({ tenant, name })])
  expect((await settled([incoming({ tenant, name, content: 'B' })], identify)).map(codeOf)).toEqual([
    'id_reused',
  ])
  first.release()
  // Nothing was stored for the first one, because it was given up.
  expect((await settled([incoming({ tenant, name, content: 'B' })], identify)).map(codeOf)).toEqual([
    'accepted',
  ])
})

test('does not look up an id created by Carillon', async () => {
  const tenant = randomUUID()
  const id = fresh()
  const name: Name = { by: 'carillon', id }
  expect(await settled([incoming({ tenant, name })])).toEqual([{ id, acceptedAt: NOW - 5 }])
  const blind = createIdentify(
    { ...notifications, recorded: () => Promise.reject(new Error('asked')) },
    { retentionMs: DAY_MS },
  )
  expect((await settled([incoming({ tenant, name })], blind)).map(codeOf)).toEqual(['accepted'])
})

test.each<[string, () => Name]>([
  ['an id', () => ({ by: 'sender', id: 'order-9' })],
  ['a fresh UUIDv7', () => ({ by: 'sender', id: fresh() })],
  ['a Nats-Msg-Id', () => ({ by: 'publisher', messageId: 'm1' })],
  ['an id created by Carillon', () => ({ by: 'carillon', id: fresh() })],
])('reports a recorded notification as complete when it is repeated (%s)', async (_, newName) => {
  const tenant = randomUUID()
  const message = incoming({ tenant, name: newName() })
  const [first] = await settled([message])
  const again = { ...message, again: true }
  const identities = await identifier()([again])
  identities.release()
  expect(identities.of(again)).toEqual({ ...first, version: 0, complete: true })
})

test('identifies by Nats-Msg-Id per type, within ten minutes of the log', async () => {
  const tenant = randomUUID()
  const send = async (minutes: number, content: string, type = 'x') => {
    const name: Name = { by: 'publisher', messageId: 'm1' }
    const [answer] = await settled([incoming({ tenant, name, content, type, at: NOW + minutes * 60_000 })])
    return answer
  }
  const first = await send(0, 'A')
  expect(codeOf(await send(0, 'B', 'y'))).toBe('accepted')
  expect(await send(9, 'A')).toEqual(first)
  expect(codeOf(await send(9, 'B'))).toBe('id_reused')
  const next = await send(11, 'B')
  expect(codeOf(next)).toBe('accepted')
  expect(idOf(next)).not.toBe(idOf(first))
  // Redelivered hours later, each gets the same result.
  expect(await send(0, 'A')).toEqual(first)
  expect(await send(11, 'B')).toEqual(next)
})

/** Random numbers below n from a seed (mulberry32, Tommy Ettinger, public domain). */
const random = (seed: number) => (n: number) => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) % n
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'loses, duplicates and mixes up no message in any order of redeliveries (seed %i)',
  async (seed) => {
    const below = random(seed)
    const tenant = randomUUID()
    const name: Name = { by: 'publisher', messageId: 'm1' }
    const messages = Array.from({ length: 12 }, () =>
      incoming({ tenant, name, content: 'ABB'[below(3)], at: NOW + below(50) * 60_000 }),
    )
    // A backlog in any order, with some messages repeated, in batches of up to three.
    const deliveries = Array.from({ length: 40 }, () => messages[below(messages.length)]!)
    deliveries.push(...messages)
    const fates = new Map<Incoming, Identified[]>(messages.map((message) => [message, []]))
    while (deliveries.length > 0) {
      const batch = deliveries.splice(0, 1 + below(3))
      for (const [index, answer] of (await settled(batch)).entries()) fates.get(batch[index]!)?.push(answer)
    }

    const accepted = new Map<string, { at: number; content: string }>()
    for (const [message, answers] of fates)
      for (const answer of answers)
        if ('id' in answer) {
          const before = accepted.get(answer.id)
          // No message is stored under another message's content.
          if (before) expect(before.content).toBe(message.fingerprint)
          accepted.set(answer.id, { at: answer.acceptedAt, content: message.fingerprint })
          expect(Math.abs(answer.acceptedAt - message.appendedAt)).toBeLessThan(DEDUPE_WINDOW_MS)
        }
    const all = [...accepted.values()].sort((a, b) => a.at - b.at)
    for (const [index, { at }] of all.slice(1).entries())
      expect(at - (all[index]?.at ?? 0)).toBeGreaterThanOrEqual(DEDUPE_WINDOW_MS)
    for (const [message, answers] of fates) {
      const near = all.filter(({ at }) => Math.abs(at - message.appendedAt) < DEDUPE_WINDOW_MS)
      // Every refusal has a reason, and no message that is finally refused was ever stored.
      if (codeOf(answers.at(-1)) === 'id_reused') {
        expect(near.some(({ content }) => content !== message.fingerprint)).toBe(true)
        expect(answers.map(codeOf)).toEqual(answers.map(() => 'id_reused'))
      } else expect(near.some(({ content }) => content === message.fingerprint)).toBe(true)
      // The first message of its kind always stays the same notification.
      const own = answers.filter((answer) => 'id' in answer && answer.acceptedAt === message.appendedAt)
      if (own.length > 0) expect(new Set(answers.map(idOf)).size).toBe(1)
    }
  },
)
