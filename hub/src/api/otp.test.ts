import { randomUUID } from 'node:crypto'
import type { Step } from '@carillon/core/delivery/step'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  for (const queue of ['sms-critical', 'email-critical', 'whatsapp-critical', 'push-critical'] as const)
    await test.taken(queue)
  tenant = await withAccount()
})

/** Creates a tenant with an account for every channel of codes. */
const withAccount = async () => {
  const made = await test.tenant()
  await test.ports.store.accounts.put(made.id, {
    id: 'phone',
    provider: 'parrot',
    channels: ['sms', 'email', 'whatsapp'],
    order: 0,
    config: {},
  })
  return made
}

const PHONE = '+4915112345678'
const create = (body: object, headers: Record<string, string> = {}) =>
  test.call<{ id: string; expiresAt: string }>('POST', '/v1/otp', { token: tenant.key, body, headers })
const verify = (id: string, code: string, token = tenant.key) =>
  test.call<{ valid: boolean; attemptsLeft?: number }>('POST', '/v1/otp/verify', {
    token,
    body: { id, code },
  })

/** Returns the queued steps, and the codes in them. */
const steps = async (queue: 'sms-critical' | 'email-critical' | 'push-critical' = 'sms-critical') =>
  (await test.taken(queue)).map(({ data }) => {
    const step = JSON.parse(Buffer.from(data).toString()) as Step
    return { step, code: test.ports.seal.open(step.secret ?? '', `otp:${step.tenant}:${step.notification}`) }
  })
const wrong = (code: string) => code.replace(/\d/, (digit) => String((Number(digit) + 1) % 10))

/** Creates a code for a new user. */
const fresh = async (more: object = {}) => {
  const { json } = await create({
    to: { user: `u-${randomUUID()}`, phone: PHONE.replace(/\d{6}$/, String(Math.random()).slice(2, 8)) },
    ...more,
  })
  const [sent] = await steps()
  return { id: json.id, code: sent!.code }
}

describe('POST /v1/otp', () => {
  it('publishes a sealed code to the log with critical priority', async () => {
    const before = Date.now()
    const reply = await create({ to: { user: 'ann', phone: PHONE }, name: 'Acme' })
    expect(reply.status, reply.text).toBe(202)
    const [{ step, code }, ...more] = (await steps()) as [Awaited<ReturnType<typeof steps>>[number]]
    expect(more).toEqual([])
    expect(code).toMatch(/^\d{6}$/)
    expect(step).toMatchObject({
      tenant: tenant.id,
      user: 'ann',
      notification: reply.json.id,
      type: 'otp',
      name: 'Acme',
      priority: 'critical',
      plan: [{ channel: 'sms', when: 'always', after: 0 }],
      index: 0,
      toAudience: false,
      expiresAt: Date.parse(reply.json.expiresAt),
    })
    expect(step.expiresAt - before).toBeGreaterThanOrEqual(300_000)
    expect(reply.text + JSON.stringify(step)).not.toContain(code)
    const kept = await test.ports.store.expiringKeys.get(tenant.id, [`otp:${reply.json.id}`])
    expect([...kept.values()].join()).not.toContain(code)
  })

  it('stores the address in the request, and uses it the next time', async () => {
    await create({ to: { user: 'ann', email: 'ann@example.com' }, channel: 'email', length: 8 })
    expect((await create({ to: 'ann', channel: 'email' })).status).toBe(202)
    const sent = await steps('email-critical')
    expect(sent.map(({ code }) => code.length)).toEqual([8, 6])
    expect(await test.ports.store.users.get(tenant.id, ['ann'])).toEqual([
      { id: 'ann', profile: { email: 'ann@example.com' } },
    ])
  })

  it('requires an address that is not suppressed', async () => {
    for (const channel of ['sms', 'email', 'whatsapp', 'push']) {
      const { status, json } = await create({ to: 'nobody', channel })
      expect([status, json.code]).toEqual([422, 'no_address'])
    }
    await test.call('PUT', `/v1/suppressions/sms/${PHONE}`, { token: tenant.key })
    const { status, json } = await create({ to: { user: 'ann', phone: PHONE } })
    expect([status, json.code]).toEqual([422, 'suppressed'])
    expect(await test.ports.store.users.get(tenant.id, ['ann'])).toEqual([])
    expect(await steps()).toEqual([])
  })

  it.each(['sms', 'email', 'whatsapp'])('requires an account for %s', async (channel) => {
    tenant = await test.tenant()
    const to = { user: 'ann', phone: PHONE, email: 'ann@example.com' }
    const before = [await outcomes('sent'), await outcomes('no_provider')]
    const { status, json } = await create({ to, channel })
    expect([status, json.code, json.temporary]).toEqual([422, 'no_provider', false])
    expect(json.detail).toContain(channel)
    expect([await outcomes('sent'), await outcomes('no_provider')]).toEqual([before[0], before[1]! + 1])
    expect(await test.ports.store.users.get(tenant.id, ['ann'])).toEqual([])
  })

  it('requires no account if messages are captured', async () => {
    const dev = await openHub({ capturesMessages: true })
    const { key } = await dev.tenant()
    const body = { to: { user: 'ann', phone: PHONE } }
    expect((await dev.call('POST', '/v1/otp', { token: key, body })).status).toBe(202)
    await dev.close()
  })

  it('sends to devices too', async () => {
    const device = { kind: 'fcm', token: 'token-of-a-phone-0123456789' }
    await test.call('PUT', '/v1/users/ann/devices/phone', { token: tenant.key, body: device })
    expect((await create({ to: 'ann', channel: 'push' })).status).toBe(202)
    expect(await steps('push-critical')).toHaveLength(1)
  })

  it('is limited by user and by address, and returns the time to wait', async () => {
    for (let n = 0; n < 5; n++) expect((await create({ to: { user: 'ann', phone: PHONE } })).status).toBe(202)
    const user = await create({ to: { user: 'ann', phone: '+4915199999999' } })
    expect([user.status, user.json.code, user.json.temporary]).toEqual([429, 'rate_limited', true])
    expect(Number(user.headers.get('retry-after'))).toBeGreaterThan(500)
    expect((await create({ to: { user: 'bob', phone: PHONE } })).status).toBe(429)
    expect((await create({ to: { user: 'bob', phone: '+4915188888888' } })).status).toBe(202)
    expect(await test.ports.store.users.get(tenant.id, ['ann'])).toMatchObject([
      { profile: { phone: PHONE } },
    ])
    expect(await steps()).toHaveLength(6)
    const other = await withAccount()
    const elsewhere = { token: other.key, body: { to: { user: 'ann', phone: PHONE } } }
    expect((await test.call('POST', '/v1/otp', elsewhere)).status).toBe(202)
  })

  const settings = (otp: object) =>
    test.call('PUT', '/v1/tenant', { token: tenant.key, body: { otp } }).then(({ status }) => {
      expect(status).toBe(200)
    })
  const outcomes = async (outcome: string) =>
    (await test.ports.metrics.otp.get()).values
      .filter(({ labels }) => labels.outcome === outcome)
      .reduce((sum, { value }) => sum + value, 0)

  it.each([
    ['+882 16 123 456', 'sms'],
    ['+881 612 345 678', 'whatsapp'],
    ['+44 909 879 0000', 'sms'],
  ])('rejects %s by %s, and stores nothing of the request', async (written, channel) => {
    const phone = written.replaceAll(' ', '')
    const before = await outcomes('country_not_allowed')
    const { status, json } = await create({ to: { user: 'ann', phone }, channel })
    expect([status, json.code, json.temporary]).toEqual([422, 'country_not_allowed', false])
    expect(json.detail).toContain('otp.prefixes')
    expect(await steps()).toEqual([])
    expect(await test.ports.store.users.get(tenant.id, ['ann'])).toEqual([])
    expect(await outcomes('country_not_allowed')).toBe(before + 1)
    await settings({ prefixes: [phone.slice(0, 4)] })
    expect((await create({ to: { user: 'ann', phone }, channel })).status).toBe(202)
  })

  it('sends only to countries that the tenant allows', async () => {
    await settings({ countries: ['PT', 'ES'] })
    expect((await create({ to: { user: 'ann', phone: '+351911111111' } })).status).toBe(202)
    expect((await create({ to: { user: 'bob', phone: '+34600000000' } })).status).toBe(202)
    const { status, json } = await create({ to: { user: 'eve', phone: PHONE } })
    expect([status, json.code]).toEqual([422, 'country_not_allowed'])
    // E-mail has no country.
    expect((await create({ to: { user: 'eve', email: 'eve@example.com' }, channel: 'email' })).status).toBe(
      202,
    )
  })

  const phones = (count: number, apart = 1) =>
    Array.from({ length: count }, (_, n) => `+49151${10_000_000 + n * apart}`)
  const askAll = async (numbers: readonly string[]) => {
    const replies = []
    for (const [n, phone] of numbers.entries()) replies.push(await create({ to: { user: `u${n}`, phone } }))
    return replies
  }
  const accepted = (replies: readonly { status: number }[]) => replies.filter(({ status }) => status === 202)

  it('stops SMS pumping through a range of numbers', async () => {
    const replies = await askAll(phones(25))
    expect(accepted(replies)).toHaveLength(20)
    const last = replies.at(-1)
    expect([last?.status, last?.json.code]).toEqual([429, 'rate_limited'])
    expect(last?.json.detail).toContain('otp.perRange')
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(3_000)
    expect((await create({ to: { user: 'ann', phone: '+351911111111' } })).status).toBe(202)
  })

  it.each(['perHour', 'perDay'])('stops at %s of the tenant, for text messages', async (name) => {
    await settings({ [name]: 3 })
    const replies = await askAll(phones(5, 20_000))
    expect(accepted(replies)).toHaveLength(3)
    expect(replies.at(-1)?.json.detail).toContain(`otp.${name}`)
    const byMail = { to: { user: 'eve', email: 'eve@example.com' }, channel: 'email' }
    expect((await create(byMail)).status).toBe(202)
    const other = await withAccount()
    const elsewhere = { token: other.key, body: { to: { user: 'ann', phone: PHONE } } }
    expect((await test.call('POST', '/v1/otp', elsewhere)).status).toBe(202)
  })

  it('limits codes per day to one e-mail address', async () => {
    await settings({ perAddress: 2 })
    const ask = (user: string) => create({ to: { user, email: 'shared@example.com' }, channel: 'email' })
    expect([(await ask('a')).status, (await ask('b')).status]).toEqual([202, 202])
    const refused = await ask('c')
    expect([refused.status, refused.json.code]).toEqual([429, 'rate_limited'])
    expect(refused.json.detail).toContain('otp.perAddress')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(80_000)
  })

  it('sends once per Idempotency-Key', async () => {
    const key = { 'idempotency-key': randomUUID() }
    const body = { to: { user: 'ann', phone: PHONE } }
    const first = await create(body, key)
    const again = await create(body, key)
    expect([again.status, again.json]).toEqual([202, first.json])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await steps()).toHaveLength(1)
    expect((await create({ ...body, length: 4 }, key)).json.code).toBe('idempotency_key_reused')
  })
})

describe('POST /v1/otp/verify', () => {
  it('accepts the right code once', async () => {
    const { id, code } = await fresh()
    expect((await verify(id, code)).json).toEqual({ valid: true })
    expect((await verify(id, code)).json).toEqual({ valid: false, attemptsLeft: 0 })
  })

  it('accepts one of many concurrent requests with the right code', async () => {
    const { id, code } = await fresh()
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => verify(id, code)))
    expect(verdicts.filter(({ json }) => json.valid)).toHaveLength(1)
  })

  it('allows five attempts', async () => {
    const { id, code } = await fresh()
    for (const attemptsLeft of [4, 3, 2, 1, 0])
      expect((await verify(id, wrong(code))).json).toEqual({ valid: false, attemptsLeft })
    expect((await verify(id, code)).json).toEqual({ valid: false, attemptsLeft: 0 })
  })

  it('allows five of a hundred concurrent attempts', async () => {
    const { id, code } = await fresh()
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => verify(id, wrong(code))))
    expect(
      verdicts
        .map(({ json }) => json.attemptsLeft)
        .filter((left) => left !== 0)
        .sort(),
    ).toEqual([1, 2, 3, 4])
  })

  it('does not reveal which ids exist, and works only for the tenant that created the code', async () => {
    const { id, code } = await fresh()
    const other = await test.tenant()
    const unknown = (await verify(randomUUID(), '123456')).text
    expect((await verify(id, code, other.key)).text).toBe(unknown)
    expect(unknown).toBe('{"valid":false,"attemptsLeft":0}')
    expect((await verify(id, code)).json.valid).toBe(true)
    expect((await verify(id, code, await tenant.keyWith('users:read'))).status).toBe(403)
  })

  it('rejects malformed codes with 422', async () => {
    const { id, code } = await fresh()
    for (const bad of ['', '12', '12345678901', '12345a', `${code}\n`, ' '.repeat(6)])
      expect((await verify(id, bad)).status, JSON.stringify(bad)).toBe(422)
    expect((await verify('otp', code)).status).toBe(422)
    expect((await verify(id, code)).json.valid).toBe(true)
  })
})
