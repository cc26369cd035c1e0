import type { MailExtras } from '@carillon/core/delivery/provider'
import PostalMime from 'postal-mime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { mailServer, scriptedServer } from '../testing/smtp.ts'
import { smtpSenders } from '../testing/smtp-sender.ts'
import { sendgrid } from './sendgrid.ts'
import { sesProvider } from './ses.ts'

const { tls, closing, sender } = await smtpSenders()

const content = Buffer.from(Array.from({ length: 3_000 }, (_, index) => index % 256))
const extras: MailExtras = {
  cc: [{ email: 'boss@example.org', name: 'Boss, Big' }],
  bcc: [{ email: 'audit@example.org' }],
  replyTo: { email: 'desk@example.org' },
  headers: {
    'X-Order': 'A-7',
    References: '<a@example.org> <b@example.org>',
    'in-reply-to': '<b@example.org>',
    'List-Id': '<orders.example.org>',
  },
  files: [
    { filename: 'Rechnung für Ada.pdf', contentType: 'application/pdf', content },
    { filename: 'logo.png', contentType: 'image/png; charset=binary', content, cid: 'logo@x' },
  ],
}
const message = sample({
  channel: 'email',
  address: { kind: 'email', email: 'mia@example.com' },
  content: { title: 'Hi', html: '<img src="cid:logo@x">' },
  extras,
  unsubscribeUrl: 'https://hub.example/u/x',
})

/** Checks a raw message as a mail client parses it. */
const check = async (raw: Buffer) => {
  const parsed = await PostalMime.parse(raw)
  expect(parsed).toMatchObject({
    to: [{ address: 'mia@example.com' }],
    cc: [{ address: 'boss@example.org', name: 'Boss, Big' }],
    replyTo: [{ address: 'desk@example.org' }],
    attachments: [
      { filename: 'logo.png', mimeType: 'image/png', disposition: 'inline', contentId: '<logo@x>' },
      { filename: 'Rechnung für Ada.pdf', mimeType: 'application/pdf', disposition: 'attachment' },
    ],
  })
  for (const attachment of parsed.attachments)
    expect(Buffer.from(attachment.content as ArrayBuffer).equals(content)).toBe(true)
  const header = (name: string) => parsed.headers.filter(({ key }) => key === name).map(({ value }) => value)
  expect(header('x-order')).toEqual(['A-7'])
  expect(header('references')).toEqual(['<a@example.org> <b@example.org>'])
  expect(header('in-reply-to')).toEqual(['<b@example.org>'])
  expect(header('list-id')).toEqual(['<orders.example.org>'])
  expect(header('list-unsubscribe')).toEqual(['<https://hub.example/u/x>'])
  expect(raw.toString('latin1')).not.toContain('audit@example.org')
}

describe('SMTP', () => {
  test('carries files, copies, reply-to and headers', async () => {
    const server = closing(await mailServer({ ...tls }))
    const account = { replyTo: { email: 'help@example.com' } }
    expect(await sender(server.port, account).send(message, neverAborted)).toMatchObject({ outcome: 'sent' })
    const [mail] = server.mails
    expect(mail?.to).toEqual(['mia@example.com', 'boss@example.org', 'audit@example.org'])
    await check(Buffer.from(mail?.raw ?? '', 'latin1'))
  })

  test('a send fails if the server refuses the recipient and accepts a copy', async () => {
    const server = closing(
      await mailServer({
        ...tls,
        onRcptTo: ({ address }, _, done) =>
          done(
            address === 'mia@example.com'
              ? Object.assign(new Error('no such user'), { responseCode: 550 })
              : null,
          ),
      }),
    )
    expect(await sender(server.port).send(message, neverAborted)).toMatchObject({
      outcome: 'refused',
      reason: 'no_such_mailbox',
      forget: 'bounce',
    })
  })

  test('a send succeeds if the server refuses only a copy', async () => {
    const server = closing(
      await mailServer({
        ...tls,
        onRcptTo: ({ address }, _, done) =>
          done(address === 'boss@example.org' ? Object.assign(new Error('no'), { responseCode: 550 }) : null),
      }),
    )
    expect(await sender(server.port).send(message, neverAborted)).toMatchObject({ outcome: 'sent' })
  })

  test('a message that is too large is refused', async () => {
    const server = closing(await scriptedServer({ MAIL: '552 5.3.4 too large' }))
    expect(await sender(server.port, { tls: 'none' }).send(message, neverAborted)).toMatchObject({
      outcome: 'refused',
      reason: 'too_large',
    })
  })
})

describe('providers with an API', () => {
  let api: Awaited<ReturnType<typeof standIn>>
  beforeEach(async () => {
    api = await standIn(({ path }) =>
      path.startsWith('/v3') ? { status: 202 } : { status: 200, body: '{"MessageId":"ses-1"}' },
    )
  })
  afterEach(() => api.close())

  test('SendGrid carries files, copies, reply-to and headers', async () => {
    const config = sendgrid.config.parse({
      apiKey: 'SG.key',
      from: { email: 'a@example.com' },
      baseUrl: api.url,
    })
    const account = sendgrid.open(config, testTools())
    expect(await account.send(message, neverAborted)).toMatchObject({ outcome: 'sent' })
    expect(api.requests[0]?.json).toMatchObject({
      personalizations: [
        {
          to: [{ email: 'mia@example.com' }],
          cc: [{ email: 'boss@example.org', name: 'Boss, Big' }],
          bcc: [{ email: 'audit@example.org' }],
        },
      ],
      reply_to: { email: 'desk@example.org' },
      attachments: [
        {
          ...{ filename: 'Rechnung für Ada.pdf', type: 'application/pdf', disposition: 'attachment' },
          content: content.toString('base64'),
        },
        { filename: 'logo.png', type: 'image/png', disposition: 'inline', content_id: 'logo@x' },
      ],
      headers: { 'X-Order': 'A-7', 'List-Id': '<orders.example.org>' },
    })
  })

  test('SES carries files, copies, reply-to and headers', async () => {
    const ses = sesProvider()
    const config = ses.config.parse({
      ...{ region: 'eu-west-1', accessKeyId: 'AKID', secretAccessKey: 'secret' },
      ...{ from: { email: 'a@example.com' }, baseUrl: api.url },
    })
    const account = ses.open(config, testTools())
    expect(await account.send(message, neverAborted)).toMatchObject({ outcome: 'sent' })
    const [request] = api.requests
    const { Destination, Content } = (request?.json ?? {}) as {
      Destination: object
      Content: { Raw: { Data: string } }
    }
    expect(Destination).toEqual({
      ToAddresses: ['mia@example.com'],
      CcAddresses: ['boss@example.org'],
      BccAddresses: ['audit@example.org'],
    })
    await check(Buffer.from(Content.Raw.Data, 'base64'))
  })
})
