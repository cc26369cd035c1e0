import type { Step } from '@carillon/core/delivery/step'
import { DEAD_LETTER_MAX_BYTES, type Message } from '@carillon/core/stream/port'
import { type ProblemCode, queueOf } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

/** Adds a message to the dead letters, as a dispatcher does. */
const deadLetter = async (
  subject: string,
  data: string | Uint8Array,
  { code = 'invalid_request' as ProblemCode, as = {} as Partial<Message> } = {},
) => {
  const { stream } = test.ports
  await stream.publish([{ subject, data: Buffer.from(data) }])
  const reader = await stream.read(queueOf(subject), { buffer: 10 })
  if (reader.ready === 0) await new Promise<void>((resolve) => reader.onReady(resolve))
  const messages = reader.take(10)
  await reader.deadLetter(
    messages.map((message) => ({ message: { ...message, ...as }, reason: { code, detail: 'because' } })),
  )
  await reader.close()
}

type Letter = { id: number; subject: string; code: string; body?: string; truncated: boolean }
type Page = { deadLetters: Letter[]; next: string | null }
const list = async (query = '', token = tenant.key) =>
  (await test.call<Page>('GET', `/v1/dead-letters${query}`, { token })).json
const replay = (id: number | string, token = tenant.key) =>
  test.call('POST', `/v1/dead-letters/${id}/replay`, { token })

const notify = () => `notify.${tenant.id}.normal.test`
const step = (more: Partial<Step> = {}): Step => ({
  tenant: tenant.id,
  user: 'ann',
  notification: 'n1',
  item: '0190b3c4-0000-7000-8000-000000000000',
  type: 'test',
  priority: 'high',
  at: Date.now(),
  expiresAt: Date.now() + 60_000,
  plan: [
    { channel: 'push', when: 'offline', after: 0 },
    { channel: 'sms', when: 'unread', after: 60 },
  ],
  index: 1,
  toAudience: false,
  ...more,
})
const stepSubject = () => `work.step.sms.high.${tenant.id}`

describe('dead letters', () => {
  it('are listed oldest first, with their content and the reason', async () => {
    await deadLetter(notify(), '{"to":"ann"}')
    await deadLetter(notify(), new Uint8Array([0xff, 0x00]), { code: 'malformed_json' })
    const { deadLetters, next } = await list()
    expect(next).toBeNull()
    expect(deadLetters).toMatchObject([
      {
        queue: 'notify-normal',
        subject: notify(),
        code: 'invalid_request',
        detail: 'because',
        body: '{"to":"ann"}',
      },
      { code: 'malformed_json', truncated: false },
    ])
    expect(deadLetters[1]?.body).toBeUndefined()
  })

  it('are listed in pages', async () => {
    for (let n = 0; n < 5; n++) await deadLetter(notify(), `{"n":${n}}`)
    const first = await list('?limit=3')
    const second = await list(`?limit=3&after=${first.next}`)
    expect([...first.deadLetters, ...second.deadLetters].map(({ body }) => body)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `{"n":${n}}`),
    )
    expect(second.next).toBeNull()
  })

  it('are not visible to other tenants', async () => {
    await deadLetter(notify(), '{}')
    const [letter] = (await list()).deadLetters
    const other = await test.tenant()
    expect(await list('', other.key)).toEqual({ deadLetters: [], next: null })
    expect((await replay(letter!.id, other.key)).json.code).toBe('not_found')
    expect((await replay(letter!.id, await tenant.keyWith('dead-letters:read'))).status).toBe(403)
    expect((await list()).deadLetters).toHaveLength(1)
  })
})

describe('replaying', () => {
  it('retries a notification once', async () => {
    await deadLetter(notify(), '{"id":"n1","to":"ann"}')
    const [letter] = (await list()).deadLetters
    expect((await replay(letter!.id)).status).toBe(202)
    expect((await replay(letter!.id)).json.code).toBe('not_found')
    expect((await list()).deadLetters).toEqual([])
    const [message, ...more] = await test.taken('notify-normal')
    expect([message?.subject, Buffer.from(message!.data).toString()]).toEqual([
      notify(),
      '{"id":"n1","to":"ann"}',
    ])
    expect(more).toEqual([])
  })

  it('publishes one notification for concurrent replays, with an id that cannot be guessed', async () => {
    await deadLetter(notify(), '{"to":"ann"}')
    const [letter] = (await list()).deadLetters
    const statuses = await Promise.all([1, 2, 3].map(async () => (await replay(letter!.id)).status))
    expect(statuses).toContain(202)
    const names = (await test.taken('notify-normal')).map(({ dedupe }) => dedupe)
    expect(new Set(names).size).toBe(1)
    expect(names[0]).toMatch(/^[\w-]{43}$/)
  })

  it('sends a step on a new journey to the same destination', async () => {
    const buried = step({ attempt: 6, queued: true, destination: 'phone', replay: 1, failed: true })
    await deadLetter(stepSubject(), JSON.stringify(buried), { code: 'undeliverable' })
    const [letter] = (await list()).deadLetters
    expect((await replay(letter!.id)).status).toBe(202)
    const [message] = await test.taken('sms-high')
    const { attempt: _, queued: __, ...rest } = buried
    expect(JSON.parse(Buffer.from(message!.data).toString())).toEqual({ ...rest, replay: 2 })
  })

  it.each<[string, () => Promise<void>]>([
    ['that were truncated', () => deadLetter(notify(), 'x'.repeat(DEAD_LETTER_MAX_BYTES + 1))],
    [
      'with a misspelled priority',
      () => deadLetter(notify(), '{}', { as: { subject: `notify.${tenant.id}.urgent.test` } }),
    ],
    [
      'with an invalid type',
      () => deadLetter(notify(), '{}', { as: { subject: `notify.${tenant.id}.normal.a b` } }),
    ],
    [
      'without a channel',
      () => deadLetter(stepSubject(), '{}', { as: { subject: `work.step.fax.high.${tenant.id}` } }),
    ],
    ['that are not steps', () => deadLetter(stepSubject(), '{"plan":"none"}')],
    [
      "with another tenant's steps",
      () => deadLetter(stepSubject(), JSON.stringify(step({ tenant: 'other' }))),
    ],
    ['with an index beyond their plan', () => deadLetter(stepSubject(), JSON.stringify(step({ index: 2 })))],
    [
      'that have expired',
      () => deadLetter(stepSubject(), JSON.stringify(step({ expiresAt: Date.now() - 1 }))),
    ],
  ])('rejects dead letters %s, and keeps them', async (_, make) => {
    await make()
    const before = await test.ports.stream.backlog()
    const [letter] = (await list()).deadLetters
    const { status, json } = await replay(letter!.id)
    expect([status, json.code]).toEqual([409, 'not_replayable'])
    expect((await list()).deadLetters).toHaveLength(1)
    expect(await test.ports.stream.backlog()).toEqual(before)
  })

  it('accepts only numbers as ids', async () => {
    for (const id of ['x', '-1', '1.5', '99999999999999999999'])
      expect((await replay(id)).status, id).toBe(422)
    expect((await replay(987_654)).status).toBe(404)
  })
})
