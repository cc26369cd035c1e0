import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ATTACHMENT_MAX_BYTES, type Overrides } from '@carillon/schemas'
import { afterEach, describe, expect, test } from 'vitest'
import type { World } from '../testing/dispatcher.ts'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()

const opened = async () => {
  const mail = scripted('mail', ['email'])
  const text = scripted('text', ['sms'], { needs: 'phone' })
  const world = await open({ providers: providersOf(mail, text) })
  await world.account('mail')
  await world.account('text')
  return { ...world, mail, text }
}

/** Stores an upload, as the hub does. */
const upload = async ({ store, tenant }: World, id: string, content: string, more = {}) => {
  const bytes = Buffer.from(content)
  const expiresAt = Date.now() + 60_000
  const half = Math.ceil(bytes.length / 2)
  await store.attachments.write(tenant, { id, index: 0, bytes: bytes.subarray(0, half), expiresAt })
  await store.attachments.write(tenant, { id, index: 1, bytes: bytes.subarray(half), expiresAt })
  await store.attachments.put(tenant, {
    ...{ id, filename: 'invoice.pdf', contentType: 'application/pdf', size: bytes.length, chunks: 2 },
    ...{ createdAt: Date.now(), expiresAt, ...more },
  })
}

const ID = '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11'

let server: Server | undefined
afterEach(() => server?.close())
const host = async (answer: (path: string) => { status?: number; type?: string; body: string | Buffer }) => {
  server = createServer((request, response) => {
    const { status = 200, type = 'application/pdf', body } = answer(request.url ?? '')
    response.writeHead(status, { 'content-type': type }).end(body)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server?.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const sent = (id: string, overrides: Overrides, more = {}) =>
  note(id, [step('email')], { overrides, ...more })

describe('overrides', () => {
  test('replace the texts of the type, literally, on their channel only', async () => {
    const { store, tenant, mail, text, send } = await opened()
    await store.types.put(
      tenant,
      {
        key: 'bill.due',
        content: { title: 'Bill {{ data.number }}', body: 'Pay {{ data.sum }}' },
        channels: { email: { subject: 'Mail {{ data.missing }}' }, sms: { text: 'SMS {{ data.missing }}' } },
      },
      'key',
    )
    await send({
      ...note('n1', [step('email'), step('sms')]),
      ...{ title: undefined, body: undefined, data: { number: 7, sum: 3 } },
      overrides: { email: { subject: '{{ data.number }} & more' }, sms: { text: 'Call <us>' } },
    })
    await until(() => expect(text.got).toHaveLength(1))
    expect(mail.got[0]?.content).toMatchObject({ subject: '{{ data.number }} & more', body: 'Pay 3' })
    expect(text.got[0]?.content).toMatchObject({ body: 'Call <us>' })
    expect(text.got[0]?.content.title).toBeUndefined()
  })

  test('an e-mail with copies has no link that acts for its recipient', async () => {
    const mail = scripted('mail', ['email'])
    const publicUrl = 'https://hub.example.org'
    const { store, tenant, account, send } = await open({ providers: providersOf(mail), publicUrl })
    await account('mail')
    await store.types.put(
      tenant,
      {
        key: 'bill.due',
        channels: { email: { subject: 'Bill', html: '<p>{{ unsubscribe_url }}</p>{{ preferences_url }}' } },
      },
      'key',
    )
    const subjects = [{}, { cc: [{ email: 'boss@example.org' }] }, { bcc: [{ email: 'audit@example.org' }] }]
    for (const [index, email] of subjects.entries()) {
      await send(sent(`n${index}`, { email }))
      await until(() => expect(mail.got).toHaveLength(index + 1))
    }
    const links = mail.got.map(({ unsubscribeUrl, content }) => [unsubscribeUrl !== undefined, content.html])
    expect(links[0]).toEqual([true, expect.stringMatching(/unsubscribe\/ey.*preferences/)])
    expect(links.slice(1)).toEqual([
      [false, '<p></p>'],
      [false, '<p></p>'],
    ])
  })

  test('copies, reply-to and headers reach the provider; suppressed and repeated addresses get no copy', async () => {
    const { store, tenant, mail, send, ledger } = await opened()
    const suppression = { reason: 'bounce', at: new Date().toISOString(), source: null } as const
    await store.suppressions.put(tenant, [{ channel: 'email', address: 'Gone@example.org', ...suppression }])
    await send(
      sent('n1', {
        email: {
          cc: [{ email: 'boss@example.org', name: 'Boss' }, { email: 'gone@example.org' }],
          bcc: [{ email: 'BOSS@example.org' }, { email: 'ada@example.org' }, { email: 'audit@example.org' }],
          replyTo: { email: 'help@example.org' },
          headers: { 'X-Order': 'A-7' },
        },
      }),
    )
    await until(async () => expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'sent' }]))
    expect(mail.got[0]?.extras).toEqual({
      cc: [{ email: 'boss@example.org', name: 'Boss' }],
      bcc: [{ email: 'audit@example.org' }],
      replyTo: { email: 'help@example.org' },
      headers: { 'X-Order': 'A-7' },
      files: [],
    })
    const passed = await store.deliveries.passed(tenant, { id: 'n1', toAudience: false, user: 'ada' })
    expect(passed).toContainEqual(
      expect.objectContaining({ stage: 'send', reason: 'copy_suppressed', path: 'overrides.email.cc.1' }),
    )
    expect(JSON.stringify(passed)).not.toContain('gone@')
  })

  test('copies of a fan-out are refused', async () => {
    const { send, quiet, deadLetters, mail } = await opened()
    await send(sent('n1', { email: { cc: [{ email: 'a@example.org' }] } }, { to: { topic: 'all' } }))
    await quiet()
    expect(await deadLetters()).toEqual([
      {
        code: 'invalid_request',
        detail: expect.stringContaining('/overrides/email/cc: needs named recipients'),
      },
    ])
    expect(mail.got).toEqual([])
  })
})

describe('attachments', () => {
  test('are sent with every byte, from an upload and from a URL', async () => {
    const world = await opened()
    await upload(world, ID, 'the bytes of an invoice')
    const base = await host(() => ({ body: Buffer.from([0, 1, 255]), type: 'image/png; charset=binary' }))
    await world.send(
      sent('n1', {
        email: {
          attachments: [
            { id: ID, filename: 'Rechnung.pdf' },
            { url: `${base}/files/logo%20a.png?signature=s`, cid: 'logo' },
          ],
        },
      }),
    )
    await until(async () => expect(await world.ledger('n1', 'ada')).toMatchObject([{ state: 'sent' }]))
    expect(world.mail.got[0]?.extras?.files).toEqual([
      {
        filename: 'Rechnung.pdf',
        contentType: 'application/pdf',
        content: Buffer.from('the bytes of an invoice'),
      },
      {
        ...{ filename: 'logo a.png', contentType: 'image/png; charset=binary', cid: 'logo' },
        content: Buffer.from([0, 1, 255]),
      },
    ])
  })

  test('fail the step if they are expired, of another tenant, too large, of a refused kind or gone', async () => {
    const world = await opened()
    const base = await host((path) =>
      path === '/gone'
        ? { status: 404, body: '' }
        : path === '/moved'
          ? { status: 302, body: '' }
          : path === '/program'
            ? { body: '\u007fELF' }
            : path === '/script'
              ? { type: 'text/javascript', body: '1' }
              : { body: Buffer.alloc(ATTACHMENT_MAX_BYTES + 1) },
    )
    const cases: [string, Overrides, string][] = [
      ['missing', { email: { attachments: [{ id: ID }] } }, 'attachment_missing'],
      ['gone', { email: { attachments: [{ url: `${base}/gone` }] } }, 'attachment_unreachable'],
      ['moved', { email: { attachments: [{ url: `${base}/moved` }] } }, 'attachment_unreachable'],
      ['program', { email: { attachments: [{ url: `${base}/program` }] } }, 'attachment_refused'],
      ['script', { email: { attachments: [{ url: `${base}/script` }] } }, 'attachment_refused'],
      ['named', { email: { attachments: [{ url: `${base}/setup.exe` }] } }, 'attachment_too_large'],
    ]
    await world.store.attachments.put('someone-else', {
      ...{ id: ID, filename: 'a.pdf', contentType: 'application/pdf', size: 1, chunks: 1 },
      ...{ createdAt: 0, expiresAt: Date.now() + 60_000 },
    })
    for (const [id, overrides] of cases) await world.send(sent(id, overrides))
    for (const [id, , reason] of cases)
      await until(async () =>
        expect(await world.ledger(id, 'ada')).toMatchObject([{ state: 'failed', reason }]),
      )
    expect(world.mail.got).toEqual([])
    // A step is dead-lettered after its state is recorded.
    await until(async () => expect(await world.deadLetters()).toHaveLength(cases.length))
    expect(JSON.stringify(await world.deadLetters())).not.toContain(base)
  })

  test('are retried after a temporary failure of their host', async () => {
    const world = await opened()
    let calls = 0
    const base = await host(() => (calls++ === 0 ? { status: 503, body: '' } : { body: 'x' }))
    await world.send(
      sent('n1', { email: { attachments: [{ url: `${base}/a.pdf` }] } }, { priority: 'critical' }),
    )
    await until(async () => expect(await world.ledger('n1', 'ada')).toMatchObject([{ state: 'sent' }]))
    expect(calls).toBe(2)
    expect(world.mail.got).toHaveLength(1)
  })
})
