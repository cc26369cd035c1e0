import { createReports } from '@carillon/core/delivery/reports'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

const PUBLIC = 'https://bell.example/notify'
const TOKEN = 'a-secret-token'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub({ publicUrl: `${PUBLIC}/` })
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  const config = { token: TOKEN, host: 'sms.example' }
  await test.call('PUT', '/v1/providers/main', { token: tenant.key, body: { provider: 'parrot', config } })
  await test.call('PUT', '/v1/providers/quiet', { token: tenant.key, body: { provider: 'mute' } })
})

const path = (query = '', account = 'main', of = tenant.id) => `/v1/callbacks/${of}/${account}${query}`
const signed = (at: string, token = TOKEN) => ({ 'x-signature': `${token} ${PUBLIC}${at}` })
const remember = (notification: string, account = 'main') =>
  createReports({ ...test.ports }).remember(tenant.id, [
    {
      account,
      id: 'SM1',
      at: Date.now(),
      step: {
        tenant: tenant.id,
        user: 'ann',
        notification,
        type: 'test',
        priority: 'normal',
        at: Date.now(),
        expiresAt: Date.now() + 60_000,
        plan: [{ channel: 'sms', when: 'always', after: 0 }],
        index: 0,
        toAudience: false,
        target: '',
      },
    },
  ])
const ledger = async (notification: string) =>
  (await test.ports.store.deliveries.list(tenant.id, { id: notification, toAudience: false }, { limit: 10 }))
    .deliveries

it('applies what a provider reports, in any content type', async () => {
  await remember('n1')
  const at = path('?x=1')
  const body = JSON.stringify([
    { id: 'SM1', state: 'delivered', at: Date.now() },
    { suppress: { channels: ['sms'], address: '+4915112345678', reason: 'stop' }, at: Date.now() },
  ])
  for (const type of [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/xml',
  ]) {
    const { status, text } = await test.call('POST', at, {
      body,
      headers: { ...signed(at), 'content-type': type },
    })
    expect([type, status, text]).toEqual([type, 204, ''])
  }
  expect(await ledger('n1')).toMatchObject([{ state: 'delivered', provider: 'main', providerId: 'SM1' }])
  const suppressed = await test.ports.store.suppressions.find(tenant.id, [
    { channel: 'sms', address: '+4915112345678' },
  ])
  expect(suppressed).toMatchObject([{ reason: 'stop', source: 'main' }])
})

it('keeps a report that overtakes the record of the sending', async () => {
  const body = JSON.stringify([{ id: 'SM1', state: 'delivered', at: Date.now() }])
  expect((await test.call('POST', path(), { body, headers: signed(path()) })).status).toBe(204)
  await remember('n2')
  expect(await ledger('n2')).toMatchObject([{ state: 'delivered' }])
})

it('gives back what the provider wants to hear', async () => {
  const at = path('?challenge=42')
  const { status, text, headers } = await test.call('GET', at, { headers: signed(at) })
  expect([status, text, headers.get('content-type')]).toEqual([200, '42', 'text/plain; charset=utf-8'])
})

it('refuses what the provider has not signed, and changes nothing', async () => {
  await remember('n3')
  const body = JSON.stringify([{ id: 'SM1', state: 'failed', at: Date.now() }])
  for (const headers of [{}, signed(path(), 'another-token'), signed(path('?x=1'))] as Record<
    string,
    string
  >[]) {
    const { status, json } = await test.call('POST', path(), { body, headers })
    expect([status, json.code]).toEqual([403, 'forbidden'])
  }
  expect(await ledger('n3')).toEqual([])
})

it('tells strangers nothing of who has which account', async () => {
  const other = await test.tenant()
  const answers = await Promise.all(
    [path('', 'none'), path('', 'quiet'), path('', 'main', other.id), path('', 'main', 'nobody')].map(
      async (at) => {
        const { status, json } = await test.call('POST', at, { body: '[]', headers: signed(at) })
        return `${status} ${json.code} ${json.detail}`
      },
    ),
  )
  expect(new Set(answers)).toEqual(new Set(['404 not_found there is nothing at this address']))
})

it('takes a bundle as large as the provider sends it', async () => {
  const config = { token: TOKEN, host: 'mail.example' }
  await test.call('PUT', '/v1/providers/flock', { token: tenant.key, body: { provider: 'flock', config } })
  await remember('n4', 'flock')
  const other = { id: 'of another system', state: 'delivered', at: Date.now(), filler: 'x'.repeat(300) }
  const body = JSON.stringify([
    ...Array.from({ length: 3_000 }, (_, n) => ({ ...other, id: `other-${n}` })),
    { id: 'SM1', state: 'delivered', at: Date.now() },
  ])
  expect(body.length).toBeGreaterThan(820_000)
  const at = path('', 'flock')
  expect((await test.call('POST', at, { body, headers: signed(at) })).status).toBe(204)
  expect(await ledger('n4')).toMatchObject([{ state: 'delivered', provider: 'flock' }])
  expect((await test.call('POST', path(), { body, headers: signed(path()) })).status).toBe(413)
})

it('reads no more than a provider would send', async () => {
  const body = 'x'.repeat(256 * 1_024 + 1)
  expect((await test.call('POST', path(), { body, headers: signed(path()) })).status).toBe(413)
  expect((await test.call('PUT', path(), { body: '[]' })).status).toBe(405)
})
