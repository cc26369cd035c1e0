import type { Captured } from '@carillon/core/delivery/captured'
import { describe, expect, test } from 'vitest'
import { capture } from '../channels/capture.ts'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()

describe('development', () => {
  test('captures messages that would have been sent', async () => {
    const captured: Captured[] = []
    const { send, ledger } = await open({
      providers: new Map([['capture', capture]]),
      capture: (message) => captured.push(message),
    })
    await send(note('n1', [step('email'), step('sms'), step('slack')]))
    await until(async () => expect(await ledger('n1', 'ada')).toHaveLength(3))
    expect(captured.map(({ channel, to }) => [channel, to]).sort()).toEqual([
      ['email', 'ada@example.org'],
      ['slack', 'ada'],
      ['sms', '+351911111111'],
    ])
    expect(captured.find(({ channel }) => channel === 'email')).toMatchObject({
      subject: 'Your bill',
      html: expect.stringContaining('It is due on Friday'),
    })
  })

  test('captures the senders, copies, headers and files of an e-mail', async () => {
    const captured: Captured[] = []
    const { send, store, tenant } = await open({
      providers: new Map([['capture', capture]]),
      capture: (message) => captured.push(message),
    })
    const settings = { senders: { email: { from: { email: 'news@acme.example', name: 'Acme' } } } }
    await store.contexts.put(tenant, 'shop', settings)
    const id = '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11'
    const file = { id, expiresAt: Date.now() + 60_000 }
    await store.attachments.write(tenant, { ...file, index: 0, bytes: Buffer.from('Menu') })
    await store.attachments.put(tenant, {
      ...{ ...file, filename: 'menu.pdf', contentType: 'application/pdf', size: 4, chunks: 1, createdAt: 1 },
    })
    await send({
      ...note('n1', [step('email')], { context: 'shop' }),
      overrides: {
        email: {
          attachments: [{ id }],
          cc: [{ email: 'boss@example.org', name: 'Boss' }],
          bcc: [{ email: 'audit@example.org' }],
          replyTo: { email: 'help@acme.example' },
          headers: { 'X-Order': 'A-7' },
        },
      },
    })
    await until(() => expect(captured).toHaveLength(1))
    expect(captured[0]).toMatchObject({
      from: 'Acme <news@acme.example>',
      replyTo: 'help@acme.example',
      cc: ['Boss <boss@example.org>'],
      bcc: ['audit@example.org'],
      headers: { 'X-Order': 'A-7', 'Auto-Submitted': 'auto-generated' },
      attachments: [{ filename: 'menu.pdf', contentType: 'application/pdf', size: 4 }],
    })
  })

  test('lists messages as skipped that no provider could have sent', async () => {
    const captured: Captured[] = []
    const { send, ledger } = await open({
      providers: new Map([['capture', capture]]),
      capture: (message) => captured.push(message),
    })
    const plan = [step('email'), step('sms'), step('push'), step('telegram')]
    await send({ ...note('n1', plan), to: 'nobody-known' })
    await until(async () => expect(await ledger('n1', 'nobody-known')).toHaveLength(4))
    for (const delivery of await ledger('n1', 'nobody-known'))
      expect(delivery).toMatchObject({ state: 'skipped', reason: 'no_address', provider: null })
    const shown = { to: 'nobody-known', subject: 'Your bill', skipped: 'no_address' }
    // A step may be checked again; its message stays the same.
    const messages = [...new Map(captured.map((message) => [message.id, message])).values()]
    expect(messages.map(({ channel }) => channel).sort()).toEqual(['email', 'push', 'sms', 'telegram'])
    for (const message of messages) expect(message).toMatchObject(shown)
  })

  test('lists messages that a real account sent, and why it could not send others', async () => {
    const captured = new Map<string, Captured>()
    const mail = scripted('mail', ['email'])
    const { account, send } = await open({
      providers: providersOf(mail),
      retries: { email: { baseMs: 50 } },
      capture: (message) => captured.set(message.id, message),
    })
    await account('mail')
    mail.say(() => ({ outcome: 'retry', reason: 'tls_failed', detail: 'no STARTTLS' }))
    await send(note('n1', [step('email')]))
    const shown = { user: 'ada', channel: 'email', subject: 'Your bill', provider: 'mail' }
    const trouble = {
      state: 'queued',
      reason: 'tls_failed',
      detail: 'no STARTTLS',
      until: expect.any(String),
    }
    await until(() =>
      expect([...captured.values()]).toEqual([expect.objectContaining({ ...shown, trouble })]),
    )
    mail.say(() => ({ outcome: 'sent' }))
    await until(() => {
      expect([...captured.values()]).toEqual([expect.objectContaining(shown)])
      expect([...captured.values()][0]).not.toHaveProperty('trouble')
    })
  })

  test('captures one message for each device, or the fallback if there is none', async () => {
    const captured: Captured[] = []
    const { send, ledger, store, tenant } = await open({
      providers: new Map([['capture', capture]]),
      capture: (message) => captured.push(message),
    })
    for (const id of ['phone', 'tablet'])
      await store.devices.put(tenant, 'ada', {
        ...{ id, device: { kind: 'fcm', token: `a token of the ${id}` }, createdAt: Date.now() },
      })
    await send(note('n1', [step('telegram'), { channel: 'push', when: 'failed', after: 0 }]))
    await until(async () => {
      expect(await ledger('n1', 'ada')).toMatchObject([
        { channel: 'telegram', state: 'skipped' },
        { channel: 'push', device: 'phone', state: 'sent' },
        { channel: 'push', device: 'tablet', state: 'sent' },
      ])
    })
    expect(captured.filter(({ channel }) => channel === 'push')).toHaveLength(2)
  })
})
