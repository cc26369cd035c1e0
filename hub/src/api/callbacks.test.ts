import type { Report } from '@carillon/core/delivery/provider'
import { ReportWork, reportsOf } from '@carillon/core/delivery/report-work'
import { ProblemError } from '@carillon/core/errors'
import { readJson } from '@carillon/core/json/json'
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
/** Returns the reports appended to the log since the last call: the account, and the reports of each message. */
const taken = async (hub = test) =>
  (await hub.taken('report-normal')).map(({ subject, data }): [string, Report[]] => {
    const work = readJson(Buffer.from(data).toString(), ReportWork)
    if (!work) throw new Error('it does not fit its schema')
    return [subject, reportsOf(hub.ports.seal, tenant.id, work)]
  })
const subjectOf = (account: string) => `work.report.${account}.normal.${tenant.id}`

it('appends the reports of a provider to the log, in any content type', async () => {
  const at = path('?x=1')
  const reports = (type: string): Report[] => [
    { id: `SM-${type}`, state: 'delivered', at: Date.now() },
    { suppress: { channels: ['sms'], address: '+4915112345678', reason: 'stop' }, at: Date.now() },
  ]
  for (const type of [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/xml',
  ]) {
    const reported = reports(type)
    const { status, text } = await test.call('POST', at, {
      body: JSON.stringify(reported),
      headers: { ...signed(at), 'content-type': type },
    })
    expect([type, status, text]).toEqual([type, 204, ''])
    expect(await taken()).toEqual([[subjectOf('main'), reported]])
  }
})

it('appends a repeated bundle once', async () => {
  const body = JSON.stringify([{ id: 'SM1', state: 'delivered', at: Date.now() }])
  for (let n = 0; n < 3; n++)
    expect((await test.call('POST', path(), { body, headers: signed(path()) })).status).toBe(204)
  expect(await taken()).toHaveLength(1)
})

it('asks the provider to retry while the log is unavailable', async () => {
  let full = true
  const hub = await openHub({ publicUrl: PUBLIC }, ({ stream }) => ({
    stream: {
      ...stream,
      publish: async (messages) => {
        if (full) throw new ProblemError('stream_full', 'the event log is full')
        return stream.publish(messages)
      },
    },
  }))
  try {
    tenant = await hub.tenant()
    const config = { token: TOKEN, host: 'sms.example' }
    await hub.call('PUT', '/v1/providers/main', { token: tenant.key, body: { provider: 'parrot', config } })
    const body = JSON.stringify([{ id: 'SM1', state: 'delivered', at: Date.now() }])
    const report = () => hub.call('POST', path(), { body, headers: signed(path()) })
    const refused = await report()
    expect([refused.status, refused.json.code]).toEqual([503, 'stream_full'])
    full = false
    expect((await report()).status).toBe(204)
    expect(await taken(hub)).toHaveLength(1)
  } finally {
    await hub.close()
  }
})

it('returns the response that the provider expects', async () => {
  const at = path('?challenge=42')
  const { status, text, headers } = await test.call('GET', at, { headers: signed(at) })
  expect([status, text, headers.get('content-type')]).toEqual([200, '42', 'text/plain; charset=utf-8'])
})

it('rejects reports without a valid signature, and changes nothing', async () => {
  const body = JSON.stringify([{ id: 'SM1', state: 'failed', at: Date.now() }])
  for (const headers of [{}, signed(path(), 'another-token'), signed(path('?x=1'))] as Record<
    string,
    string
  >[]) {
    const { status, json } = await test.call('POST', path(), { body, headers })
    expect([status, json.code]).toEqual([403, 'forbidden'])
  }
  expect(await taken()).toEqual([])
})

it('does not reveal which accounts exist', async () => {
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

it('accepts a bundle as large as the provider may send', async () => {
  const config = { token: TOKEN, host: 'mail.example' }
  await test.call('PUT', '/v1/providers/flock', { token: tenant.key, body: { provider: 'flock', config } })
  const other = { id: 'of another system', state: 'delivered', at: Date.now(), filler: 'x'.repeat(300) }
  const body = JSON.stringify([
    ...Array.from({ length: 3_000 }, (_, n) => ({ ...other, id: `other-${n}` })),
    { id: 'SM1', state: 'delivered', at: Date.now() },
  ])
  expect(body.length).toBeGreaterThan(820_000)
  const at = path('', 'flock')
  expect((await test.call('POST', at, { body, headers: signed(at) })).status).toBe(204)
  const messages = await taken()
  expect(new Set(messages.map(([subject]) => subject))).toEqual(new Set([subjectOf('flock')]))
  expect(messages.flatMap(([, reports]) => reports)).toHaveLength(3_001)
  expect((await test.call('POST', path(), { body, headers: signed(path()) })).status).toBe(413)
})

it('limits the body to what the provider may send', async () => {
  const body = 'x'.repeat(256 * 1_024 + 1)
  expect((await test.call('POST', path(), { body, headers: signed(path()) })).status).toBe(413)
  expect((await test.call('PUT', path(), { body: '[]' })).status).toBe(405)
})
