import type { Outcome } from '@carillon/core/delivery/provider'
import { describe, expect, test } from 'vitest'
import { neverAborted } from '../testing/channel.ts'
import { scriptedServer } from '../testing/smtp.ts'
import { smtpSenders } from '../testing/smtp-sender.ts'

const { closing, sender, to } = await smtpSenders()

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

  test('leaves the connection usable if it refuses a message', async () => {
    const replies: Parameters<typeof scriptedServer>[0] = { RCPT: '550 5.1.1 no' }
    const server = closing(await scriptedServer(replies))
    const account = sender(server.port, { tls: 'none' })
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'refused' })
    replies.RCPT = '250 ok'
    expect(await account.send(to('mia@example.com'), neverAborted)).toMatchObject({ outcome: 'sent' })
  })
})
