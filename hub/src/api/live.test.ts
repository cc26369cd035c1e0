import { UnavailableError } from '@carillon/core/errors'
import type { LiveMessage } from '@carillon/core/live/port'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { POLLS_PER_USER, POSITION_MAX_AGE_MS } from '../sockets/long-polls.ts'
import { type Call, openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
let token: string
let away = false
let url: string
const lossListeners: (() => void)[] = []

beforeAll(async () => {
  test = await openHub({}, (ports) => ({
    live: {
      ...ports.live,
      watch: async (...given) => {
        if (away) throw new UnavailableError('live', new Error('gone'))
        return ports.live.watch(...given)
      },
      onLoss: (listener) => {
        lossListeners.push(listener)
      },
    },
  }))
  const { port } = await test.hub.listen(0, '127.0.0.1')
  url = `http://127.0.0.1:${port}`
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  token = await tenant.userToken('ann')
  away = false
})

type Answer = { moved: boolean; position: string }
const poll = async (query = '', more: Call = {}) =>
  (await test.call<Answer>('GET', `/v1/live${query}`, { token, ...more })).json
const begin = async (more: Call = {}, query = '') => (await poll(`?wait=0${query}`, more)).position
const message = (context: string): LiveMessage => ({
  ...{ tenant: tenant.id, user: 'ann', event: 'inbox.removed', to: 'item', context },
  payload: { ids: [], counts: { unread: 0, unseen: 0 } },
})
const deliver = (context = '') => test.ports.live.deliver([message(context)])
const presence = async (context?: string) =>
  (await test.ports.live.presence([{ tenant: tenant.id, user: 'ann', context }]))[0]
/** Polls again after `rate_limited`, because polls that test the limit also count against it. */
const hold = async (query: string, more?: Call): Promise<Answer> => {
  for (;;) {
    const answer = await poll(query, more)
    if (!('code' in answer)) return answer
    await new Promise(setImmediate)
  }
}
/** Resolves once the poll of the user waits at the hub. */
const waits = () => expect.poll(presence).toBe('here')

describe('GET /v1/live', () => {
  it('answers at once without a position, and then when a message comes', async () => {
    const first = await poll()
    expect(first.moved).toBe(true)
    let answered = false
    const second = poll(`?position=${first.position}`).finally(() => {
      answered = true
    })
    await waits()
    await new Promise(setImmediate)
    expect(answered).toBe(false)
    await deliver()
    const { moved, position } = await second
    expect(moved).toBe(true)
    expect((await poll(`?position=${position}&wait=0`)).moved).toBe(false)
  })

  it('answers at once if a message came between two polls', async () => {
    const position = await begin()
    await deliver()
    const { moved, position: next } = await poll(`?position=${position}`)
    expect(moved).toBe(true)
    expect(await poll(`?position=${next}&wait=0`)).toMatchObject({ moved: false })
  })

  it('counts as a connection, active or idle, also between polls', async () => {
    expect(await presence()).toBe('away')
    await begin({}, '&active=false')
    expect(await presence()).toBe('away')
    expect(await deliver()).toMatchObject([{ whole: true, active: false }])
    await begin()
    expect(await presence()).toBe('here')
    expect(await deliver()).toMatchObject([{ whole: true, active: true }])
  })

  it('is of the contexts of the token', async () => {
    const limited = { token: await tenant.userToken('ann', undefined, ['__proto__', '']) }
    const position = await begin(limited)
    expect([await presence('__proto__'), await presence(''), await presence('a')]).toEqual([
      'here',
      'here',
      'away',
    ])
    await deliver('a')
    expect((await poll(`?position=${position}&wait=0`, limited)).moved).toBe(false)
    await deliver('__proto__')
    const next = await poll(`?position=${position}&wait=0`, limited)
    expect(next.moved).toBe(true)
    await test.ports.live.deliver([
      { tenant: tenant.id, user: 'ann', to: 'limited', event: 'inbox.resync', payload: undefined },
    ])
    expect((await poll(`?position=${next.position}&wait=0`, limited)).moved).toBe(true)
  })

  it('says that something moved after a pause, after lost messages and for invalid positions', async () => {
    const position = await begin()
    const [, ...rest] = position.split('.')
    const old = [(Date.now() - POSITION_MAX_AGE_MS - 1).toString(36), ...rest].join('.')
    for (const each of [old, 'x', '.', 'zzzzzzzzzzzz.1', `${position}.1`])
      expect((await poll(`?position=${each}`)).moved, each).toBe(true)
    expect((await poll(`?position=${position}&wait=0`)).moved).toBe(false)
    const waiting = poll(`?position=${position}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
    for (const lose of lossListeners) lose()
    expect((await waiting).moved).toBe(true)
    expect((await poll(`?position=${position}&wait=0`)).moved).toBe(true)
  })

  it('refuses bad input and unknown users', async () => {
    for (const query of [
      'wait=26',
      'wait=-1',
      'wait=1e1',
      'active=yes',
      'position=%00',
      'position=<script>',
      'other=1',
    ])
      expect(await poll(`?${query}`), query).toMatchObject({ code: 'invalid_request' })
    expect(await poll(`?position=${'x'.repeat(1_001)}`)).toMatchObject({ code: 'invalid_request' })
    expect(await poll('?position=a:b')).toMatchObject({
      detail: expect.stringContaining('must be the `position` of a response of this route; omit it at first'),
    })
    expect(await poll('', { token: 'x' })).toMatchObject({ code: 'unauthenticated' })
  })

  it('is unavailable with the live bus, and works again after it', async () => {
    away = true
    expect(await poll('?wait=0')).toMatchObject({ code: 'unavailable' })
    away = false
    expect(await poll('?wait=0')).toMatchObject({ moved: true })
  })

  it('holds a bounded number of polls of a user', async () => {
    const position = await begin()
    const path = `?position=${position}`
    const held = Array.from({ length: POLLS_PER_USER }, () => hold(path))
    await expect.poll(() => poll(`${path}&wait=0`)).toMatchObject({ code: 'rate_limited' })
    await deliver()
    for (const { moved } of await Promise.all(held)) expect(moved).toBe(true)
    expect(await poll('?wait=0')).toMatchObject({ moved: true })
  })

  it('counts the polls of a user in all contexts together', async () => {
    const tokens = await Promise.all(
      Array.from({ length: POLLS_PER_USER }, (_, n) => tenant.userToken('ann', undefined, [`c${n}`])),
    )
    const positions = await Promise.all(
      tokens.map(async (own) => (await poll('?wait=0', { token: own })).position),
    )
    const held = tokens.map((own, n) =>
      hold(`?position=${positions[n]}&active=${n % 2 === 0}`, { token: own }),
    )
    await expect.poll(() => poll('?wait=0')).toMatchObject({ code: 'rate_limited' })
    expect(await poll('?wait=0', { token: await tenant.userToken('bob') })).toMatchObject({ moved: true })
    for (const n of tokens.keys()) await deliver(`c${n}`)
    await Promise.all(held)
    expect(await poll('?wait=0')).toMatchObject({ moved: true })
  })

  it('forgets the poll of a client that has gone', async () => {
    const position = await begin()
    const gone = new AbortController()
    const headers = { authorization: `Bearer ${token}` }
    const holdUntilGone = async () => {
      const ask = () => fetch(`${url}/v1/live?position=${position}`, { headers, signal: gone.signal })
      try {
        while ((await ask()).status === 429) await new Promise(setImmediate)
        return 'answered'
      } catch {
        return 'gone'
      }
    }
    const polls = Array.from({ length: POLLS_PER_USER }, holdUntilGone)
    await expect.poll(() => poll(`?position=${position}&wait=0`)).toMatchObject({ code: 'rate_limited' })
    gone.abort()
    expect(new Set(await Promise.all(polls))).toEqual(new Set(['gone']))
    await expect.poll(() => poll(`?position=${position}&wait=0`)).toMatchObject({ moved: false })
  })

  it('is answered when the hub closes', async () => {
    const other = await openHub()
    const { port } = await other.hub.listen(0, '127.0.0.1')
    const theirs = await other.tenant()
    const headers = { authorization: `Bearer ${await theirs.userToken('ann')}` }
    const at = `http://127.0.0.1:${port}/v1/live`
    const { position } = (await (await fetch(at, { headers })).json()) as Answer
    const held = fetch(`${at}?position=${position}`, { headers })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await other.hub.drain({ delayMs: 0, ms: 5_000 })
    const answer = await held
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    expect(await answer.json()).toMatchObject({ moved: false })
    await other.close()
  })
})

describe('POST /v1/inbox/received', () => {
  it('records the receipt of items', async () => {
    const { id } = await tenant.item('ann')
    const bobs = await tenant.item('bob')
    const { status } = await test.call('POST', '/v1/inbox/received', { token, body: { ids: [id, bobs.id] } })
    expect(status).toBe(202)
    const received = async (user: string) =>
      (await test.ports.store.inbox.get({ tenant: tenant.id, user }, [id, bobs.id])).map(
        ({ receivedAt }) => receivedAt !== null,
      )
    await expect.poll(() => received('ann')).toEqual([true])
    expect(await received('bob')).toEqual([false])
    for (const body of [{}, { ids: [] }, { ids: ['x'] }, { ids: [id], more: 1 }])
      expect((await test.call('POST', '/v1/inbox/received', { token, body })).status).toBe(422)
  })
})
