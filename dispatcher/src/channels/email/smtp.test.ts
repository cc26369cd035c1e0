import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { neverAborted } from '../testing/channel.ts'
import { certificate, mailServer, scriptedServer } from '../testing/smtp.ts'
import { smtpSenders } from '../testing/smtp-sender.ts'
import { smtp, smtpProvider } from './smtp.ts'

const { tls, closing, sender, to } = await smtpSenders()

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
      `Grüße 🔔\n\nHallo\n\nMia\n\nView: https://app.example/7\n\n--\nUnsubscribe from these e-mails: ${message.unsubscribeUrl}`,
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

  test('is not sent without TLS, or to a server with an untrusted certificate', async () => {
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

  test('is impossible in every field: no header and no recipient is added', async () => {
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

  test('sends nothing after it is closed', async () => {
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
