import { expect, test } from 'vitest'
import { ANOMALIES, type Anomaly, check, type Observation, type Row } from './checker.ts'
import { createHistory, type Entry } from './history.ts'

const entries: Entry[] = [
  { key: 'a', title: 'A', fate: { kind: 'delivered', recipients: ['ada', 'grace'] } },
  { key: 'b', title: 'B', fate: { kind: 'delivered', recipients: ['ada'] } },
  { key: 'never', title: 'N', fate: { kind: 'delivered', recipients: ['ada'] } },
  { key: 'doubt', title: 'D', fate: { kind: 'delivered', recipients: ['ada', 'grace'] } },
  { key: 'bad', title: '', fate: { kind: 'dead-lettered', tenant: 'acme', code: 'malformed_json' } },
  { key: 'no', title: '', fate: { kind: 'rejected', code: 'invalid_request' } },
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

const valid = (): Observation => ({
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
      settled: true,
    },
    { kind: 'raw', user: 'grace', received: ['a for grace'] },
  ],
})

const verdictOf = (observation: Observation) => {
  const history = createHistory(entries)
  for (const key of ['a', 'b', 'doubt', 'bad', 'no']) history.attempt(key)
  for (const key of ['a', 'b', 'bad']) history.ok(key)
  history.refused('no', 'invalid_request')
  return check(history, observation)
}

test('accepts a correct state, in which an unanswered notification may be stored or not', () => {
  const verdict = verdictOf(valid())
  expect(verdict).toMatchObject({ ok: true, expected: 3, rows: 3, letters: 1, unknown: 1, liveMissed: 0 })
  const { rows, ...rest } = valid()
  const counts = new Map([
    ['ada', { unread: 2, unseen: 2 }],
    ['grace', { unread: 2, unseen: 2 }],
  ])
  const stored = [...rows, row('ada', 'doubt', { title: 'D' }), row('grace', 'doubt', { title: 'D' })]
  const unanswered = { ...rest, counts, rows: stored.map((each) => ({ ...each, title: titleOf(each) })) }
  expect(verdictOf({ ...unanswered, clients: [] })).toMatchObject({ ok: true, expected: 3, rows: 5 })
})

const titleOf = ({ key }: Row) => entries.find((entry) => entry.key === key)?.title

/** One anomaly for each rule of the checker. */
const broken: [string, Anomaly, (valid: Observation) => Partial<Observation>][] = [
  ['a missing row', 'lost', ({ rows }) => ({ rows: rows.slice(1) })],
  [
    'a partly stored unanswered notification',
    'lost',
    ({ rows }) => ({ rows: [...rows, row('ada', 'doubt')] }),
  ],
  ['a duplicate row', 'duplicate', ({ rows }) => ({ rows: [...rows, row('grace', 'a', { id: 'another' })] })],
  ['a row of an unknown notification', 'phantom', ({ rows }) => ({ rows: [...rows, row('ada', 'who')] })],
  [
    'a row of a notification that was not sent',
    'phantom',
    ({ rows }) => ({ rows: [...rows, row('ada', 'never')] }),
  ],
  ['a row of a rejected notification', 'phantom', ({ rows }) => ({ rows: [...rows, row('ada', 'no')] })],
  ['a row in another inbox', 'wrong inbox', ({ rows }) => ({ rows: [...rows, row('grace', 'b')] })],
  [
    'a row with different content',
    'wrong content',
    ({ rows }) => ({ rows: rows.with(0, row('ada', 'a', { title: 'x' })) }),
  ],
  ['a missing dead letter', 'dead letter', () => ({ letters: [] })],
  ['a duplicate dead letter', 'dead letter', ({ letters }) => ({ letters: [...letters, ...letters] })],
  [
    'a dead letter with a different reason',
    'dead letter',
    () => ({ letters: [{ key: 'bad', tenant: 'acme', code: 'invalid_request' }] }),
  ],
  [
    'a dead letter of another tenant',
    'dead letter',
    () => ({ letters: [{ key: 'bad', tenant: '_', code: 'malformed_json' }] }),
  ],
  [
    'a dead letter of a valid notification',
    'dead letter',
    ({ letters }) => ({ letters: [...letters, { key: 'a', tenant: 'acme', code: 'too_many_attempts' }] }),
  ],
  ['a wrong count', 'counts', ({ counts }) => ({ counts: new Map(counts).set('grace', NONE) })],
  [
    'a client without an item',
    'client',
    ({ clients }) => ({ clients: clients.map((each) => ({ ...each, ids: [] })) }),
  ],
  [
    'a client with wrong counts',
    'client',
    ({ clients }) => ({ clients: clients.map((each) => ({ ...each, counts: NONE })) }),
  ],
  [
    'a client that does not converge',
    'client',
    ({ clients }) => ({ clients: clients.map((each) => ({ ...each, settled: false })) }),
  ],
  [
    'an item announced twice',
    'client',
    ({ clients }) => ({
      clients: clients.map((each) => ({ ...each, announced: ['a for ada', 'a for ada'] })),
    }),
  ],
  [
    "another user's item on a socket",
    'client',
    () => ({ clients: [{ kind: 'raw', user: 'grace', received: ['a for ada'] }] }),
  ],
]
const NONE = { unread: 0, unseen: 0 }

test.each(broken)('detects %s', (_, anomaly, breakState) => {
  const verdict = verdictOf({ ...valid(), ...breakState(valid()) })
  expect(verdict.ok).toBe(false)
  expect(verdict.anomalies[anomaly].count).toBeGreaterThan(0)
  expect(verdict.anomalies[anomaly].examples[0]).toBeTruthy()
  const others = ANOMALIES.filter((each) => each !== anomaly && !CONSEQUENCES.has(each))
  for (const other of others) expect(verdict.anomalies[other].count, other).toBe(0)
})
/** A missing or surplus row also affects counts and clients. */
const CONSEQUENCES = new Set<Anomaly>(['counts', 'client', 'wrong content'])

test('detects unexpected responses', () => {
  const history = createHistory(entries)
  history.ok('no')
  history.refused('a', 'forbidden')
  history.refused('bad')
  const { anomalies } = check(history, { rows: [], letters: [], counts: new Map(), clients: [] })
  expect(anomalies.acceptance.count).toBe(3)
})
