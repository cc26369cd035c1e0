import { expect, test } from 'vitest'
import { createLedger, type Entry, FAILINGS, type Failing, type Observation, type Row } from './ledger.ts'

const entries: Entry[] = [
  { key: 'a', title: 'A', fate: { kind: 'delivered', recipients: ['ada', 'grace'] } },
  { key: 'b', title: 'B', fate: { kind: 'delivered', recipients: ['ada'] } },
  { key: 'never', title: 'N', fate: { kind: 'delivered', recipients: ['ada'] } },
  { key: 'doubt', title: 'D', fate: { kind: 'delivered', recipients: ['ada', 'grace'] } },
  { key: 'bad', title: '', fate: { kind: 'buried', tenant: 'acme', code: 'malformed_json' } },
  { key: 'no', title: '', fate: { kind: 'turned away', code: 'invalid_request' } },
]

const row = (user: string, key: string, more: Partial<Row> = {}): Row => ({
  user,
  key,
  id: `${key} for ${user}`,
  title: key.toUpperCase(),
  unread: true,
  unseen: true,
  ...more,
})

const right = (): Observation => ({
  rows: [row('ada', 'a'), row('grace', 'a'), row('ada', 'b', { unread: false, unseen: false })],
  letters: [{ key: 'bad', tenant: 'acme', code: 'malformed_json' }],
  counts: new Map([
    ['ada', { unread: 1, unseen: 1 }],
    ['grace', { unread: 1, unseen: 1 }],
  ]),
  clients: [
    {
      kind: 'sdk',
      user: 'ada',
      ids: ['b for ada', 'a for ada'],
      announced: ['a for ada'],
      counts: { unread: 1, unseen: 1 },
    },
    { kind: 'raw', user: 'grace', received: ['a for grace'] },
  ],
})

const judged = (observation: Observation) => {
  const ledger = createLedger(entries)
  for (const key of ['a', 'b', 'doubt', 'bad', 'no']) ledger.attempt(key)
  for (const key of ['a', 'b', 'bad']) ledger.ok(key)
  ledger.refused('no', 'invalid_request')
  return ledger.judge(observation)
}

test('what is as it has to be passes, and what nobody answered may be missing or there', () => {
  const verdict = judged(right())
  expect(verdict).toMatchObject({ ok: true, expected: 3, rows: 3, letters: 1, unknown: 1, liveMissed: 0 })
  const { rows, ...rest } = right()
  const counts = new Map([
    ['ada', { unread: 2, unseen: 2 }],
    ['grace', { unread: 2, unseen: 2 }],
  ])
  const there = [...rows, row('ada', 'doubt', { title: 'D' }), row('grace', 'doubt', { title: 'D' })]
  const doubtful = { ...rest, counts, rows: there.map((each) => ({ ...each, title: titleOf(each) })) }
  expect(judged({ ...doubtful, clients: [] })).toMatchObject({ ok: true, expected: 3, rows: 5 })
})

const titleOf = ({ key }: Row) => entries.find((entry) => entry.key === key)?.title

/** Each guard of the checker, broken deliberately. */
const broken: [string, Failing, (right: Observation) => Partial<Observation>][] = [
  ['a row dropped from the scan', 'lost', ({ rows }) => ({ rows: rows.slice(1) })],
  ['half of one that has no answer', 'lost', ({ rows }) => ({ rows: [...rows, row('ada', 'doubt')] })],
  ['a row twice', 'duplicate', ({ rows }) => ({ rows: [...rows, row('grace', 'a', { id: 'another' })] })],
  ['a row of nothing that was sent', 'phantom', ({ rows }) => ({ rows: [...rows, row('ada', 'who')] })],
  ['a row of one not yet sent', 'phantom', ({ rows }) => ({ rows: [...rows, row('ada', 'never')] })],
  ['a row of one that was refused', 'phantom', ({ rows }) => ({ rows: [...rows, row('ada', 'no')] })],
  ['a row of somebody else', 'wrong inbox', ({ rows }) => ({ rows: [...rows, row('grace', 'b')] })],
  [
    'a row with other content',
    'wrong content',
    ({ rows }) => ({ rows: rows.with(0, row('ada', 'a', { title: 'x' })) }),
  ],
  ['no dead letter', 'dead letter', () => ({ letters: [] })],
  ['a dead letter twice', 'dead letter', ({ letters }) => ({ letters: [...letters, ...letters] })],
  [
    'another reason',
    'dead letter',
    () => ({ letters: [{ key: 'bad', tenant: 'acme', code: 'invalid_request' }] }),
  ],
  [
    'a dead letter filed elsewhere',
    'dead letter',
    () => ({ letters: [{ key: 'bad', tenant: '_', code: 'malformed_json' }] }),
  ],
  [
    'a good one among the dead letters',
    'dead letter',
    ({ letters }) => ({ letters: [...letters, { key: 'a', tenant: 'acme', code: 'too_many_attempts' }] }),
  ],
  ['a count that drifted', 'counts', ({ counts }) => ({ counts: new Map(counts).set('grace', NONE) })],
  [
    'a client that misses an item',
    'client',
    ({ clients }) => ({ clients: clients.map((each) => ({ ...each, ids: [] })) }),
  ],
  [
    'a client with other counts',
    'client',
    ({ clients }) => ({ clients: clients.map((each) => ({ ...each, counts: NONE })) }),
  ],
  [
    'an item announced twice',
    'client',
    ({ clients }) => ({
      clients: clients.map((each) => ({ ...each, announced: ['a for ada', 'a for ada'] })),
    }),
  ],
  [
    "somebody else's item on a socket",
    'client',
    () => ({ clients: [{ kind: 'raw', user: 'grace', received: ['a for ada'] }] }),
  ],
]
const NONE = { unread: 0, unseen: 0 }

test.each(broken)('%s is noticed', (_, failing, breaking) => {
  const verdict = judged({ ...right(), ...breaking(right()) })
  expect(verdict.ok).toBe(false)
  expect(verdict.failings[failing].count).toBeGreaterThan(0)
  expect(verdict.failings[failing].examples[0]).toBeTruthy()
  const others = FAILINGS.filter((each) => each !== failing && !FOLLOWS.has(each))
  for (const other of others) expect(verdict.failings[other].count, other).toBe(0)
})
/** A missing or surplus row also shows in the counts, and at the clients. */
const FOLLOWS = new Set<Failing>(['counts', 'client', 'wrong content'])

test('answers that are not the right ones are noticed', () => {
  const ledger = createLedger(entries)
  ledger.ok('no')
  ledger.refused('a', 'forbidden')
  ledger.refused('bad')
  const { failings } = ledger.judge({ rows: [], letters: [], counts: new Map(), clients: [] })
  expect(failings.acceptance.count).toBe(3)
})
