import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'
import type { Outcome } from '@carillon/core/delivery/provider'
import { HttpFailure } from '@carillon/core/http/port'
import PostalMime from 'postal-mime'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { neverAborted, publicOnlyHttp, sample, testTools } from '../testing/channel.ts'
import { certificate, localMail, mailServer, scriptedServer } from '../testing/smtp.ts'
import { smtp, smtpProvider } from './smtp.ts'
import { SmtpConfig } from './smtp-pool.ts'

const closers: (() => Promise<void>)[] = []
const closing = <T extends { close(): Promise<void> }>(opened: T): T => {
  closers.push(() => opened.close())
  return opened
}
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

let tls: { key: string; cert: string }
beforeAll(async () => {
  tls = await certificate()
})

const config = (port: number, more: object = {}): SmtpConfig =>
  SmtpConfig.parse({
    host: 'mail.example.test',
    port,
    from: { email: 'news@example.com', name: 'Acme, Inc.' },
    caCertificate: tls.cert,
    ...more,
  })

const sender = (port: number, more: object = {}, provider = smtp) =>
  closing(provider.open(config(port, more), testTools({ http: localMail })))

const to = (email: string, name?: string) =>
  sample({ channel: 'email', address: { kind: 'email', email, ...(name !== undefined && { name }) } })

describe('an e-mail', () => {
  test('arrives complete over STARTTLS, with credentials', async () => {
    const server = closing(
      await mailServer({
        ...tls,
        authOptional: false,
        onAuth: ({ username, password }, _, done) =>
          password === 'secret' ? done(null, { user: username }) : done(new Error('no')),
      }),
    )
    const account = { user: 'acme', pass: 'secret', replyTo: { email: 'help@example.com' } }
    const message = {
      ...to('mia@example.com', 'Mia Müller'),
      content: { title: 'Grüße 🔔', body: 'Hallo\n\nMia', url: 'https://app.example/7' },
      unsubscribeUrl: `https://hub.example/v1/unsubscribe/${'t'.repeat(300)}`,
    }
    const outcome = await sender(server.port, account).send(message, neverAborted)
    expect(outcome).toEqual({ outcome: 'sent', id: `${message.key}@example.com` })

    const [mail] = server.mails
    expect(mail).toMatchObject({
      from: 'news@example.com',
      to: ['mia@example.com'],
      secure: true,
      user: 'acme',
    })
    const parsed = await PostalMime.parse(Buffer.from(mail?.raw ?? '', 'latin1'))
    expect(parsed).toMatchObject({
      subject: 'Grüße 🔔',
      from: { name: 'Acme, Inc.', address: 'news@example.com' },
      to: [{ name: 'Mia Müller', address: 'mia@example.com' }],
      replyTo: [{ address: 'help@example.com' }],
      messageId: `<${message.key}@example.com>`,
    })
    expect(parsed.text?.trimEnd()).toBe(
      `Grüße 🔔\n\nHallo\n\nMia\n\nView: https://app.example/7\n\n--\nUnsubscribe: ${message.unsubscribeUrl}`,
    )
    expect(parsed.html).toContain('href="https://app.example/7"')
    const headers = Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value]))
    expect(headers).toMatchObject({
      'list-unsubscribe': `<${message.unsubscribeUrl}>`,
      'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
      'auto-submitted': 'auto-generated',
    })
    expect(Math.abs(Date.parse(headers.date ?? '') - Date.now())).toBeLessThan(60_000)
    expect(Object.keys(headers)).not.toContain('x-mailer')
  })

  test('arrives over implicit TLS', async () => {
    const server = closing(await mailServer({ ...tls, secure: true }))
    const { outcome } = await sender(server.port, { tls: 'implicit' }).send(
      to('mia@example.com'),
      neverAborted,
    )
    expect(outcome).toBe('sent')
    expect(server.mails[0]?.secure).toBe(true)
  })

  test('is not sent without TLS, nor to a server with an untrusted certificate', async () => {
    const plain = closing(await mailServer({ disabledCommands: ['STARTTLS'] }))
    const without = await sender(plain.port).send(to('mia@example.com'), neverAborted)
    expect(without).toMatchObject({ outcome: 'retry', reason: 'tls_failed' })

    const other = closing(await mailServer({ ...(await certificate()) }))
    const foreign = await sender(other.port).send(to('mia@example.com'), neverAborted)
    expect(foreign).toMatchObject({ outcome: 'retry', reason: 'tls_failed' })

    const misnamed = closing(await mailServer(tls))
    const host = await sender(misnamed.port, { host: 'elsewhere.example.test' }).send(
      to('mia@example.com'),
      neverAborted,
    )
    expect(host).toMatchObject({ outcome: 'retry', reason: 'tls_failed' })
    expect([...plain.mails, ...other.mails, ...misnamed.mails]).toEqual([])
  })

  test('has a valid DKIM signature', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const dkim = {
      domainName: 'example.com',
      keySelector: 's1',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
    const server = closing(await mailServer(tls))
    const message = { ...to('mia@example.com'), unsubscribeUrl: 'https://hub.example/u/x' }
    expect(await sender(server.port, { dkim }).send(message, neverAborted)).toMatchObject({ outcome: 'sent' })

    const [head = '', body = ''] = (server.mails[0]?.raw ?? '').split(/\r\n\r\n([\s\S]*)/)
    const fields = head.split(/\r\n(?![ \t])/)
    const fieldOf = (name: string) => fields.find((field) => field.toLowerCase().startsWith(`${name}:`)) ?? ''
    const relaxed = (field: string) => {
      const [, name = '', value = ''] = /^([^:]+):([\s\S]*)$/.exec(field) ?? []
      return `${name.toLowerCase().trim()}:${value.replaceAll(/\s+/g, ' ').trim()}`
    }
    const signature = relaxed(fieldOf('dkim-signature'))
    const tags = new Map(
      signature
        .slice('dkim-signature:'.length)
        .split(';')
        .map((tag) => [tag.slice(0, tag.indexOf('=')).trim(), tag.slice(tag.indexOf('=') + 1).trim()]),
    )
    expect(Object.fromEntries(tags)).toMatchObject({ d: 'example.com', s: 's1', a: 'rsa-sha256' })
    const signed = (tags.get('h') ?? '').toLowerCase().replaceAll(' ', '').split(':')
    expect(signed).toEqual(
      expect.arrayContaining(['from', 'to', 'subject', 'list-unsubscribe', 'list-unsubscribe-post']),
    )
    const relaxedBody = `${body
      .replaceAll(/[ \t]+\r\n/g, '\r\n')
      .replaceAll(/[ \t]+/g, ' ')
      .replace(/(\r\n)+$/, '')}\r\n`
    expect(tags.get('bh')?.replaceAll(' ', '')).toBe(
      createHash('sha256').update(relaxedBody, 'latin1').digest('base64'),
    )
    const data = [...signed.map(fieldOf).filter(Boolean).map(relaxed), signature.replace(/ b=.*$/, ' b=')]
    const check = createVerify('RSA-SHA256').update(data.join('\r\n'), 'latin1')
    expect(check.verify(publicKey, tags.get('b')?.replaceAll(' ', '') ?? '', 'base64')).toBe(true)
  })

  test('shares connections with other e-mails', async () => {
    const server = closing(await mailServer(tls))
    const account = sender(server.port, { maxConnections: 2 })
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        account.send(to(`u${index}@example.com`), new AbortController().signal),
      ),
    )
    expect(outcomes.every(({ outcome }) => outcome === 'sent')).toBe(true)
    expect(new Set(server.mails.flatMap((mail) => mail.to)).size).toBe(40)
    expect(server.connections()).toBe(2)
  })
})

describe('header injection', () => {
  test.each([
    'a@example.com,b@example.com',
    'a@example.com, b@example.com',
    'a@example.com;b@example.com',
    'a@b@example.com',
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com\r\nRCPT TO:<b@example.com>',
    '<a@example.com>',
    'A <a@example.com>',
    'friends:a@example.com;',
    '"a b"@example.com',
    'a@[127.0.0.1]',
    '@example.com',
    'a@',
    'nobody',
    '',
    `${'a'.repeat(250)}@example.com`,
  ])('the address %j is refused', async (email) => {
    const server = closing(await mailServer(tls))
    const outcome = await sender(server.port).send(to(email), neverAborted)
    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'invalid_address' })
    expect(server.connections()).toBe(0)
  })

  test('no field can add a header or a recipient', async () => {
    const server = closing(await mailServer(tls))
    const evil = 'x\r\nBcc: eve@example.com\r\n\r\nbody'
    const message = {
      ...to('mia@example.com', `"Mia" <eve@example.com>, ${evil}`),
      type: evil,
      content: { title: evil, body: `${evil}\r\n.\r\nMAIL FROM:<eve@example.com>`, actor: { name: evil } },
      unsubscribeUrl: 'https://hub.example/u/x>\r\nBcc: eve@example.com',
    }
    expect(await sender(server.port).send(message, neverAborted)).toMatchObject({ outcome: 'sent' })
    expect(server.mails.map((mail) => mail.to)).toEqual([['mia@example.com']])
    const mail = await PostalMime.parse(Buffer.from(server.mails[0]?.raw ?? '', 'latin1'))
    expect(mail.headers.map(({ key }) => key)).not.toContain('bcc')
    expect(mail.to).toHaveLength(1)
    expect(mail.to?.[0]?.address).toBe('mia@example.com')
    expect(mail.subject).toBe('x Bcc: eve@example.com body')
  })
})

describe('a reply', () => {
  const send = async (replies: Parameters<typeof scriptedServer>[0], more: object = {}): Promise<Outcome> => {
    const server = closing(await scriptedServer(replies))
    return sender(server.port, { tls: 'none', ...more }).send(to('mia@example.com'), neverAborted)
  }

  test.each([
    [{ greeting: '554 no service here' }, { outcome: 'retry', reason: 'connection_lost' }],
    [
      { greeting: '421 4.7.0 too many connections' },
      { outcome: 'retry', reason: 'rate_limited', scope: 'account' },
    ],
    [{ greeting: 'drop' }, { outcome: 'retry', reason: 'connection_lost' }],
    [{ EHLO: 'endless' }, { outcome: 'retry', reason: 'connection_lost' }],
    [{ EHLO: 'drop' }, { outcome: 'retry', reason: 'connection_lost' }],
    [{ MAIL: '421 4.3.2 going down' }, { outcome: 'retry', reason: 'deferred' }],
    [{ MAIL: '530 5.7.0 authentication required' }, { outcome: 'account', reason: 'not_authorized' }],
    [{ MAIL: '550 5.7.1 not your domain' }, { outcome: 'account', reason: 'sender_refused' }],
    [{ MAIL: '552 5.3.4 too big' }, { outcome: 'refused', reason: 'too_large' }],
    [{ MAIL: '451 4.7.1 slow down' }, { outcome: 'retry', reason: 'rate_limited', scope: 'account' }],
    [{ MAIL: '503 5.5.1 bad sequence' }, { outcome: 'retry', reason: 'deferred' }],
    [{ RCPT: '550 5.1.1 no such user' }, { outcome: 'refused', reason: 'no_such_mailbox', forget: 'bounce' }],
    [{ RCPT: '550 who?' }, { outcome: 'refused', reason: 'no_such_mailbox', forget: 'bounce' }],
    [{ RCPT: '551 moved' }, { outcome: 'refused', reason: 'no_such_mailbox', forget: 'bounce' }],
    [{ RCPT: '553 5.1.3 odd' }, { outcome: 'refused', reason: 'no_such_mailbox', forget: 'bounce' }],
    [{ RCPT: '554 5.7.1 Relay access denied' }, { outcome: 'account', reason: 'relay_denied' }],
    [{ RCPT: '550 Blocked, see spam list' }, { outcome: 'refused', reason: 'recipient_refused' }],
    [{ RCPT: '553 5.7.1 Sender address rejected' }, { outcome: 'account', reason: 'sender_refused' }],
    [{ RCPT: '550 5.1.8 bad domain' }, { outcome: 'account', reason: 'sender_refused' }],
    [{ RCPT: '550 5.7.1 blocked' }, { outcome: 'refused', reason: 'recipient_refused' }],
    [{ RCPT: '552 5.2.2 over quota' }, { outcome: 'refused', reason: 'mailbox_full' }],
    [{ RCPT: '452 4.2.2 mailbox full' }, { outcome: 'retry', reason: 'mailbox_full', scope: 'recipient' }],
    [{ RCPT: '452 full' }, { outcome: 'retry', reason: 'mailbox_full', scope: 'recipient' }],
    [{ RCPT: '450 4.7.0 throttled' }, { outcome: 'retry', reason: 'rate_limited', scope: 'recipient' }],
    [
      { RCPT: '450 4.2.1 The user is receiving mail too quickly' },
      { outcome: 'retry', reason: 'rate_limited', scope: 'recipient' },
    ],
    [{ RCPT: '451 4.7.500 Server busy' }, { outcome: 'retry', reason: 'rate_limited', scope: 'account' }],
    [
      { RCPT: '421 4.7.0 too many connections' },
      { outcome: 'retry', reason: 'rate_limited', scope: 'account' },
    ],
    [
      { '.': '454 Throttling failure: Maximum sending rate exceeded' },
      { outcome: 'retry', reason: 'rate_limited', scope: 'account' },
    ],
    [{ '.': '451 4.7.1 try again' }, { outcome: 'retry', reason: 'rate_limited', scope: 'recipient' }],
    [
      { RCPT: '450 4.2.0 Greylisted, try again in 300 seconds' },
      { outcome: 'retry', reason: 'greylisted', scope: 'recipient', afterMs: 300_000 },
    ],
    [{ DATA: '451 4.3.0 later' }, { outcome: 'retry', reason: 'deferred' }],
    [{ DATA: '554 5.5.1 no valid recipients' }, { outcome: 'refused', reason: 'content_refused' }],
    [{ DATA: 'drop' }, { outcome: 'retry', reason: 'connection_lost' }],
    [{ '.': '552 5.2.3 too long' }, { outcome: 'refused', reason: 'too_large' }],
    [{ '.': '554 5.7.1 spam' }, { outcome: 'refused', reason: 'content_refused' }],
    [{ '.': '550 5.1.1 no such user' }, { outcome: 'refused', reason: 'no_such_mailbox', forget: 'bounce' }],
    [{ '.': '421 4.3.2 going down' }, { outcome: 'retry', reason: 'deferred' }],
    [{ '.': '451 4.3.0 later' }, { outcome: 'retry', reason: 'deferred' }],
    [{ '.': 'drop' }, { outcome: 'doubt', reason: 'connection_lost' }],
  ] as const)('%j', async (replies, expected) => {
    const outcome = await send(replies)
    expect(outcome).toMatchObject(expected)
    expect('scope' in outcome).toBe('scope' in expected)
  })

  test('is quoted without addresses', async () => {
    const outcome = await send({ RCPT: '550 5.1.1 <mia@example.com>: Recipient address rejected' })
    expect(outcome).not.toHaveProperty('afterMs')
    expect(outcome).toMatchObject({ detail: 'RCPT TO 550 5.1.1 <…>: Recipient address rejected' })
  })

  test('to credentials is an account error only if they are wrong', async () => {
    const account = { user: 'acme', pass: 'wrong' }
    const EHLO = '250-mail.example.test\r\n250 AUTH PLAIN'
    const wrong = await send({ EHLO, AUTH: '535 5.7.8 no' }, account)
    expect(wrong).toMatchObject({ outcome: 'account', reason: 'not_authorized' })
    const busy = await send({ EHLO, AUTH: '454 4.7.0 try later' }, account)
    expect(busy).toMatchObject({ outcome: 'retry', reason: 'deferred' })
    const unasked = await send({ AUTH: '502 5.5.1 what?' }, account)
    expect(unasked).toMatchObject({ outcome: 'account', reason: 'not_authorized' })
  })

  test('that refuses a message leaves the connection usable', async () => {
    const replies: Parameters<typeof scriptedServer>[0] = { RCPT: '550 5.1.1 no' }
    const server = closing(await scriptedServer(replies))
    const account = sender(server.port, { tls: 'none' })
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'refused' })
    replies.RCPT = '250 ok'
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
  })
})

describe('a pooled connection', () => {
  test('that the server closed loses no message', async () => {
    const server = closing(await scriptedServer({}))
    const account = sender(server.port, { tls: 'none' })
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
    server.hangUp()
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
  })

  test('that is lost after a message was written sends no message twice', async () => {
    const replies: Parameters<typeof scriptedServer>[0] = {}
    const server = closing(await scriptedServer(replies))
    const account = sender(server.port, { tls: 'none' })
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
    replies['.'] = 'drop'
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'doubt' })
    expect(server.received).toHaveLength(2)
  })
})

describe('a server that stalls', () => {
  const hasty = smtpProvider({ limitMs: 300 })

  test.each([
    [{ greeting: 'hang' }, 'retry'],
    [{ greeting: 'trickle' }, 'retry'],
    [{ EHLO: 'trickle' }, 'retry'],
    [{ MAIL: 'hang' }, 'retry'],
    [{ RCPT: 'trickle' }, 'retry'],
    [{ DATA: 'hang' }, 'retry'],
    [{ '.': 'hang' }, 'doubt'],
    [{ '.': 'trickle' }, 'doubt'],
  ] as const)('times out: %j', async (replies, outcome) => {
    const server = closing(await scriptedServer(replies))
    const account = sender(server.port, { tls: 'none' }, hasty)
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({
      outcome,
      reason: 'timeout',
    })
  })

  test('is aborted by the signal', async () => {
    const server = closing(await scriptedServer({ MAIL: 'hang' }))
    const account = sender(server.port, { tls: 'none' })
    const ending = new AbortController()
    const sending = account.send(to('mia@example.com'), ending.signal)
    ending.abort()
    expect(await sending).toMatchObject({ outcome: 'retry', reason: 'timeout' })
    expect(await account.send(to('mia@example.com'), AbortSignal.abort())).toMatchObject({ outcome: 'retry' })
  })

  test('does not delay other connections', async () => {
    const replies: Parameters<typeof scriptedServer>[0] = { '.': 'hang' }
    const server = closing(await scriptedServer(replies))
    const account = sender(server.port, { tls: 'none', maxConnections: 1 }, hasty)
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'doubt' })
    delete replies['.']
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
  })
})

describe('a connection', () => {
  test('that is refused is retried', async () => {
    const server = await mailServer(tls)
    await server.close()
    const outcome = await sender(server.port).send(to('mia@example.com'), neverAborted)
    expect(outcome).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
  })

  test('is never made to private addresses', async () => {
    const server = closing(await mailServer(tls))
    const account = closing(
      smtp.open(config(server.port, { host: '127.0.0.1' }), testTools({ http: publicOnlyHttp })),
    )
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({
      outcome: 'account',
      reason: 'refused_target',
    })
    await expect(account.verify()).rejects.toThrow(/set CARILLON_ALLOWED_TARGETS/)
    expect(server.connections()).toBe(0)
  })

  test('resolves the host again each time', async () => {
    const server = closing(await mailServer(tls))
    const http = {
      ...localMail,
      resolve: async () => Promise.reject(new HttpFailure('unreachable', 'gone', false)),
    }
    const account = closing(smtp.open(config(server.port), testTools({ http })))
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ reason: 'unreachable' })
  })
})

describe('an account', () => {
  test('is verified without sending', async () => {
    const server = closing(
      await mailServer({
        ...tls,
        onAuth: ({ password }, _, done) => done(password === 'p' ? null : new Error('no'), { user: 'u' }),
      }),
    )
    await sender(server.port, { user: 'u', pass: 'p' }).verify()
    await expect(sender(server.port, { user: 'u', pass: 'x' }).verify()).rejects.toThrow(
      /check user and pass/,
    )
    await expect(sender(server.port, { tls: 'implicit' }).verify()).rejects.toThrow(
      /set tls to "starttls" or "none", or change port \(ESOCKET wrong version number\)/,
    )
    const slow = closing(await scriptedServer({ EHLO: 'trickle' }))
    await expect(sender(slow.port, { tls: 'none' }, smtpProvider({ limitMs: 200 })).verify()).rejects.toThrow(
      /within 0.2 s/,
    )
    expect(server.mails).toEqual([])
  })

  test.each([
    ['no STARTTLS', {}, { disabledCommands: ['STARTTLS'] }, 'set tls to "none"'],
    ['untrusted certificate', { caCertificate: undefined }, {}, 'set caCertificate'],
    [
      'certificate for another name',
      { host: 'elsewhere.example.test' },
      {},
      'set host to a name in the certificate',
    ],
    ['no AUTH', { user: 'u', pass: 'p' }, { disabledCommands: ['AUTH'] }, 'remove user and pass'],
    ['AUTH is required', {}, { authOptional: false }, 'set user and pass'],
  ])('gives advice on its settings: %s', async (_, settings, server, advice) => {
    const { port } = closing(await mailServer({ ...tls, ...server }))
    const outcome = await sender(port, settings).send(to('mia@example.com'), neverAborted)
    expect(outcome).toMatchObject({ detail: expect.stringContaining(advice) })
    expect(outcome.outcome).not.toBe('refused')
  })

  test('that is closed sends nothing', async () => {
    const server = closing(await mailServer(tls))
    const account = sender(server.port)
    await account.close()
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'retry' })
  })

  test.each([
    [{}, ['host', 'from']],
    [{ host: 'h', from: {} }, ['from.email']],
    [{ host: 'h', from: { email: 'a@b.example, c@d.example' } }, ['from.email']],
    [{ host: 'h', from: { email: 'a@b.example', name: 'x\r\nBcc: y' } }, ['from.name']],
    [{ host: 'h', from: { email: 'a@b.example' }, user: 'u' }, ['pass']],
    [{ pass: 'p', from: { email: 'a@b.example' } }, ['host', 'user']],
    [
      { host: 'h', from: { email: 'a@b.example' }, dkim: { privateKey: 'x' } },
      ['dkim.domainName', 'dkim.keySelector', 'dkim.privateKey'],
    ],
    [{ host: 'h', from: { email: 'a@b.example' }, port: 0, tls: 'off' }, ['port', 'tls']],
    [{ host: 'h', from: { email: 'a@b.example' }, callbackSecret: 'short' }, ['callbackSecret']],
  ])('has a config that names invalid fields: %j', (given, wrong) => {
    const issues = smtp.config.safeParse(given).error?.issues ?? []
    expect(issues.map(({ path }) => path.join('.')).sort()).toEqual([...wrong].sort())
  })
})
