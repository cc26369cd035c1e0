import { randomUUID } from 'node:crypto'
import { ATTACHMENT_MAX_BYTES, type Attachment, type Problem } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
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

const upload = (
  body: Uint8Array | string,
  { query = 'filename=invoice.pdf', type = 'application/pdf', token = tenant.key } = {},
) =>
  test.call<{ id: string; expiresAt: string }>('POST', `/v1/attachments?${query}`, {
    token,
    body,
    headers: { 'content-type': type },
  })
const get = (id: string, token = tenant.key) =>
  test.call<Attachment>('GET', `/v1/attachments/${id}`, { token })

describe('an upload', () => {
  it('is stored with all its bytes until it is deleted', async () => {
    const bytes = Uint8Array.from({ length: 700_000 }, (_, index) => index % 253)
    const { status, json, text } = await upload(bytes, { query: 'filename=f%C3%BCr%20Ada.pdf&lifetime=3600' })
    expect(status, text).toBe(201)
    const { json: found } = await get(json.id)
    expect(found).toMatchObject({ filename: 'für Ada.pdf', contentType: 'application/pdf', size: 700_000 })
    expect(Date.parse(json.expiresAt) - Date.parse(found.createdAt)).toBe(3_600_000)
    const { attachments } = test.ports.store
    const chunks = await Promise.all([0, 1, 2].map((index) => attachments.chunk(tenant.id, json.id, index)))
    expect(Buffer.concat(chunks.map((chunk) => chunk ?? new Uint8Array())).equals(bytes)).toBe(true)

    const stranger = await test.tenant()
    expect((await get(json.id, stranger.key)).status).toBe(404)
    await test.call('DELETE', `/v1/attachments/${json.id}`, { token: stranger.key })
    expect((await get(json.id)).status).toBe(200)
    expect((await test.call('DELETE', `/v1/attachments/${json.id}`, { token: tenant.key })).status).toBe(204)
    expect((await get(json.id)).status).toBe(404)
  })

  it.each([
    ['a program by its name', 'x', { query: 'filename=setup.EXE' }, 422],
    ['a program by its name, with dots at the end', 'x', { query: 'filename=setup.exe.%20.' }, 422],
    ['a program in a stream of NTFS', 'x', { query: 'filename=setup.exe::$DATA' }, 422],
    ['a path', 'x', { query: 'filename=..%2Fa.pdf' }, 422],
    ['a line break', 'x', { query: 'filename=a%0d%0aBcc:x.pdf' }, 422],
    ['no name', 'x', { query: '' }, 422],
    ['a script by its type', 'x', { type: 'text/javascript' }, 415],
    ['a multipart', 'x', { type: 'multipart/mixed; boundary=a' }, 422],
    ['a message', 'x', { type: 'message/rfc822' }, 415],
    ['no media type', 'x', { type: 'pdf' }, 422],
    ['a program by its bytes', '\u007fELF', {}, 422],
    ['a shell script by its bytes', '#!/bin/sh', { query: 'filename=run.txt' }, 422],
    ['an empty file', '', {}, 422],
    ['a lifetime that is no decimal integer', 'x', { query: 'filename=a.pdf&lifetime=0x50' }, 422],
    ['a lifetime that is too long', 'x', { query: 'filename=a.pdf&lifetime=99999999999' }, 422],
    ['a file that is too large', new Uint8Array(ATTACHMENT_MAX_BYTES + 1), {}, 413],
  ])('refuses %s', async (_, body, options, status) => {
    const answer = await upload(body, options)
    expect(answer.status, answer.text).toBe(status)
    expect(await test.ports.store.attachments.usage(tenant.id)).toEqual({ files: 0, bytes: 0 })
  })

  it('is refused beyond the quota of the tenant', async () => {
    await test.ports.store.attachments.put(tenant.id, {
      ...{ id: 'large', filename: 'a.pdf', contentType: 'application/pdf', size: 1_024 ** 3, chunks: 1 },
      ...{ createdAt: 0, expiresAt: Date.now() + 60_000 },
    })
    expect((await upload('x')).json.code).toBe('quota_exceeded')
  })
})

describe('overrides of a notification', () => {
  const send = (overrides: object, more = {}) =>
    test.call<{ warnings?: { code: string; pointer: string }[] }>('POST', '/v1/notifications', {
      token: tenant.key,
      body: { to: 'ada', type: 'bill.due', plan: [{ channel: 'email' }], overrides, ...more },
    })

  it('are accepted, with a warning for channels without a step', async () => {
    const { json: file } = await upload('x')
    const { status, json, text } = await send({
      email: { subject: 'Bill', cc: ['boss@example.org'], attachments: [{ id: file.id, cid: 'a' }] },
      sms: { text: 'Bill' },
    })
    expect(status, text).toBe(202)
    expect(json.warnings).toContainEqual(
      expect.objectContaining({ code: 'ignored', pointer: '/overrides/sms' }),
    )
  })

  const unknown = '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11'
  const cid = { url: 'https://files.example.org/a.pdf', cid: 'a' }
  it.each([
    ['an unknown attachment', { attachments: [{ id: unknown }] }, '/overrides/email/attachments/0/id'],
    [
      'a private address',
      { attachments: [{ url: 'https://169.254.169.254/x' }] },
      '/overrides/email/attachments/0/url',
    ],
    ['http', { attachments: [{ url: 'http://files.example.org/x' }] }, '/overrides/email/attachments/0/url'],
    ['a refused kind', { attachments: [{ ...cid, filename: 'a.js' }] }, '/overrides/email/attachments/0'],
    ['a cid twice', { attachments: [cid, cid] }, '/overrides/email/attachments'],
    [
      'too many copies',
      { cc: Array.from({ length: 11 }, (_, n) => `a${n}@example.org`) },
      '/overrides/email/cc',
    ],
    ['an address list', { cc: ['a@example.org,b@example.org'] }, '/overrides/email/cc/0'],
    [
      'a line break in a name',
      { cc: [{ email: 'a@example.org', name: 'A\r\nBcc: b' }] },
      '/overrides/email/cc/0',
    ],
    [
      'a line break in a header',
      { headers: { 'X-A': 'a\r\nBcc: b@example.org' } },
      '/overrides/email/headers/X-A',
    ],
    ['a header of the message', { headers: { Bcc: 'b@example.org' } }, '/overrides/email/headers/Bcc'],
    ['a header of a provider', { headers: { 'X-SMTPAPI': '{}' } }, '/overrides/email/headers/X-SMTPAPI'],
    ['a header twice', { headers: { 'X-A': 'a', 'x-a': 'b' } }, '/overrides/email/headers'],
    ['an unknown field', { html: '<p>' }, '/overrides/email/html'],
  ])('with %s are refused', async (_, email, pointer) => {
    const { status, json, text } = await send({ email })
    expect(status, text).toBe(422)
    expect(json.errors?.[0]?.pointer.startsWith(pointer), text).toBe(true)
  })

  it('with copies of a fan-out are refused', async () => {
    const { json } = await send({ email: { bcc: ['a@example.org'] } }, { to: { everyone: true } })
    expect(json.errors?.[0]?.pointer).toBe('/overrides/email/bcc')
  })

  it('are read once for a batch', async () => {
    const files = await Promise.all(['x', 'y'].map((content) => upload(content)))
    const [one, two] = files.map(({ json }) => json.id)
    const read = vi.spyOn(test.ports.store.attachments, 'get')
    const attaching = (...ids: unknown[]) => ({
      ...{ to: 'ada', type: 'billed' },
      overrides: { email: { attachments: ids.map((id) => ({ id })) } },
    })
    const notifications = [attaching(one), attaching(two, one), attaching(randomUUID()), attaching(7), 'no']
    const { json } = await test.call<{ results: { id?: string; problem?: Problem }[] }>(
      ...(['POST', '/v1/notifications/batch'] as const),
      { token: tenant.key, body: { notifications } },
    )
    expect(json.results.map(({ problem }) => problem?.errors?.[0]?.pointer)).toEqual([
      ...[undefined, undefined],
      ...['/overrides/email/attachments/0/id', '/overrides/email/attachments/0/id', ''],
    ])
    expect(read).toHaveBeenCalledTimes(1)
    await test.call('POST', '/v1/notifications/batch', {
      token: tenant.key,
      body: { notifications: [{ to: 'ada', type: 'billed' }] },
    })
    expect(read).toHaveBeenCalledTimes(1)
    read.mockRestore()
  })

  it('with an upload that expires before the notification is due are refused', async () => {
    const { json: file } = await upload('x', { query: 'filename=a.pdf&lifetime=3600' })
    const deliverAt = new Date(Date.now() + 7_200_000).toISOString()
    const { json } = await send({ email: { attachments: [{ id: file.id }] } }, { deliverAt })
    expect(json.errors?.[0]?.pointer).toBe('/overrides/email/attachments/0/id')
  })
})
