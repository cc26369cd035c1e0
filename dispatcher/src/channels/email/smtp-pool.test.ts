import { HttpFailure } from '@carillon/core/http/port'
import { describe, expect, test } from 'vitest'
import { neverAborted, publicOnlyHttp, testTools } from '../testing/channel.ts'
import { localMail, mailServer, scriptedServer } from '../testing/smtp.ts'
import { smtpSenders } from '../testing/smtp-sender.ts'
import { smtp, smtpProvider } from './smtp.ts'

const { tls, closing, config, sender, to } = await smtpSenders()

describe('a pooled connection', () => {
  test('loses no message if the server closed it', async () => {
    const server = closing(await scriptedServer({}))
    const account = sender(server.port, { tls: 'none' })
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
    server.hangUp()
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
  })

  test('sends no message twice if it is lost after a message was written', async () => {
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

describe('a new connection', () => {
  test('is retried if it is refused', async () => {
    const server = await mailServer(tls)
    await server.close()
    const outcome = await sender(server.port).send(to('mia@example.com'), neverAborted)
    expect(outcome).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
  })

  test('is never opened to private addresses', async () => {
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
