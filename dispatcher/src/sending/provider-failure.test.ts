import { deliveryKey, type Step, secretContext, stepMessage } from '@carillon/core/delivery/step'
import { UnavailableError } from '@carillon/core/errors'
import { scheduleSubject } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()

describe('a failing provider', () => {
  test('is replaced by the next account of the channel within the same step', async () => {
    const first = scripted('first', ['email'])
    const second = scripted('second', ['email'])
    const { account, send, ledger } = await open({ providers: providersOf(first, second) })
    await account('second', { order: 2 })
    await account('first', { order: 1 })
    first.say(() => ({ outcome: 'retry', reason: 'provider_error', detail: 'HTTP 503' }))
    for (let n = 0; n < 12; n++) await send(note(`n${n}`, [step('email')]))
    await until(() => expect(second.got).toHaveLength(12))
    await until(async () =>
      expect(await ledger('n3', 'ada')).toMatchObject([{ state: 'sent', provider: 'second', attempts: 1 }]),
    )
    // After a few failures in a row, the breaker pauses it.
    expect(first.got.length).toBeLessThan(12)
  })

  test('is retried after a delay, and finally the message is dead-lettered', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, deadLetters } = await open({ providers: providersOf(mail) })
    await account('mail')
    mail.say((_, call) =>
      call === 1 ? { outcome: 'retry', reason: 'mailbox_full', detail: '452' } : { outcome: 'sent' },
    )
    await send(note('again', [step('email')], { priority: 'critical' }))
    await until(async () =>
      expect(await ledger('again', 'ada')).toMatchObject([{ state: 'sent', attempts: 2, reason: null }]),
    )
    mail.say(() => ({ outcome: 'refused', reason: 'content', detail: 'spam' }))
    await send(note('never', [step('email')]))
    await until(async () =>
      expect(await deadLetters()).toEqual([{ code: 'undeliverable', detail: 'content: spam' }]),
    )
    expect(await ledger('never', 'ada')).toMatchObject([{ state: 'failed', reason: 'content' }])
  })

  test('is shown on the waiting delivery, with the reason and the time of the next attempt', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger } = await open({ providers: providersOf(mail) })
    await account('mail')
    mail.say(() => ({ outcome: 'retry', reason: 'tls_failed', detail: 'the server has no STARTTLS' }))
    const before = Date.now()
    const queued = async (id: string, attempts: number) => {
      await send(note(id, [step('email')]))
      return until(async () => {
        const rows = await ledger(id, 'ada')
        expect(rows).toMatchObject([{ state: 'queued', attempts, nextAttemptAt: expect.any(String) }])
        return rows[0]
      })
    }
    const row = await queued('n1', 1)
    const why = { provider: 'mail', reason: 'tls_failed', detail: 'the server has no STARTTLS' }
    expect(row).toMatchObject(why)
    expect(Date.parse(row?.nextAttemptAt ?? '')).toBeGreaterThan(before)
    // After five faults in a row, the breaker opens. A waiting delivery shows the same reason, although it
    // was not attempted.
    for (const id of ['n2', 'n3', 'n4', 'n5']) await queued(id, 1)
    expect(await queued('n6', 0)).toMatchObject(why)
  })

  test('is retried as often as the account allows', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, deadLetters } = await open({ providers: providersOf(mail) })
    await account('mail', { retry: { attempts: 1 } })
    mail.say(() => ({ outcome: 'retry', reason: 'provider_error', detail: 'HTTP 503' }))
    await send(note('once', [step('email')]))
    await until(async () =>
      expect(await ledger('once', 'ada')).toMatchObject([{ state: 'failed', attempts: 1 }]),
    )
    await until(async () =>
      expect(await deadLetters()).toEqual([
        { code: 'undeliverable', detail: 'email: provider_error: HTTP 503' },
      ]),
    )
  })

  test('makes the fallback step due after the fallback window', async () => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    const mail = scripted('mail', ['email'])
    const { account, send, ledger } = await open({
      providers: providersOf(sms, mail),
      retries: { sms: { baseMs: 20, fallbackMs: 200 } },
    })
    await account('text')
    await account('mail')
    sms.say(() => ({ outcome: 'retry', reason: 'provider_error', detail: 'HTTP 503' }))
    await send(note('n1', [step('sms'), step('email', 'failed')]))
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([
        { channel: 'sms', state: 'failed', reason: 'provider_error' },
        { channel: 'email', state: 'sent' },
      ]),
    )
  })
})

describe('a refusal', () => {
  test('a 410 disables a webhook at once, and makes the next step due', async () => {
    const hook = scripted('hook', ['webhook'], { needs: 'account' })
    const mail = scripted('mail', ['email'])
    const { account, send, ledger } = await open({
      providers: providersOf(hook, mail),
      retries: { webhook: { baseMs: 20 } },
    })
    await account('hook', { config: { url: 'https://crm.example/hook' } })
    await account('mail')
    hook.say(() => ({ outcome: 'account', reason: 'gone', detail: 'HTTP 410' }))
    for (const id of ['n1', 'n2']) {
      await send(note(id, [step('webhook'), step('email', 'failed')]))
      await until(async () =>
        expect(await ledger(id, 'ada')).toMatchObject([
          { channel: 'webhook', state: 'skipped', reason: 'endpoint_disabled' },
          { channel: 'email', state: 'sent' },
        ]),
      )
    }
    expect(hook.got).toHaveLength(1)
  })

  test('because of a bounce suppresses the address permanently', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger } = await open({ providers: providersOf(mail) })
    await account('mail')
    mail.say(() => ({ outcome: 'refused', reason: 'unknown_user', detail: '550', forget: 'bounce' }))
    await send(note('bounces', [step('email')]))
    await until(async () => expect(await ledger('bounces', 'ada')).toMatchObject([{ state: 'failed' }]))
    await send(note('after', [step('email')]))
    await until(async () =>
      expect(await ledger('after', 'ada')).toMatchObject([{ state: 'skipped', reason: 'suppressed' }]),
    )
    expect(mail.got).toHaveLength(1)
  })

  test('removes a device that is gone, while the others are reached', async () => {
    const fcm = scripted('fcm', ['push'], { needs: 'device', repeatable: true })
    const { account, send, ledger, store, tenant, deadLetters } = await open({
      providers: providersOf(fcm),
    })
    await account('fcm')
    for (const id of ['old', 'phone'])
      await store.devices.put(tenant, 'ada', {
        id,
        device: { kind: 'fcm', token: `token-of-the-device-${id}` },
        createdAt: Date.now(),
      })
    fcm.say(({ address }) =>
      address.kind === 'device' && address.id === 'old'
        ? { outcome: 'refused', reason: 'unregistered', detail: '404', forget: 'device' }
        : { outcome: 'sent' },
    )
    await send(note('n1', [step('push'), step('email', 'failed')]))
    await until(async () =>
      expect((await ledger('n1', 'ada')).map(({ device, state }) => [device, state]).sort()).toEqual([
        ['old', 'failed'],
        ['phone', 'sent'],
      ]),
    )
    await until(async () =>
      expect((await store.devices.of(tenant, ['ada'])).get('ada')?.map(({ id }) => id)).toEqual(['phone']),
    )
    expect(await deadLetters()).toEqual([])
  })
})

describe('a send in doubt', () => {
  test('is repeated only if the message is critical', async () => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    const { account, send, ledger, metrics } = await open({ providers: providersOf(sms) })
    await account('text')
    sms.say((_, call) =>
      call <= 2 ? { outcome: 'doubt', reason: 'timeout', detail: 'no answer' } : { outcome: 'sent' },
    )
    await send(note('normal', [step('sms')]))
    await until(async () =>
      expect(await ledger('normal', 'ada')).toMatchObject([{ state: 'in_doubt', reason: 'timeout' }]),
    )
    await send(note('urgent', [step('sms')], { priority: 'critical' }))
    await until(async () =>
      expect(await ledger('urgent', 'ada')).toMatchObject([{ state: 'sent', attempts: 2 }]),
    )
    const counted = await metrics.inDoubt.get()
    expect(counted.values.map(({ labels, value }) => [labels.resent, value]).sort()).toEqual([
      ['no', 1],
      ['yes', 1],
    ])
  })

  test.each([
    { priority: 'normal' as const, ends: { state: 'in_doubt', reason: 'interrupted' }, sends: 0 },
    { priority: 'critical' as const, ends: { state: 'sent' }, sends: 1 },
  ])('with priority $priority ends as $ends.state if its process died', async (scene) => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    const { account, send, ledger, store, tenant } = await open({
      providers: providersOf(sms),
      leaseMs: 300,
    })
    await account('text')
    const died = { tenant, user: 'ada', notification: 'n1', index: 0 } as Step
    await store.expiringKeys.acquire(
      tenant,
      [{ key: `send:${deliveryKey(died, '')}:1`, value: `another ${Date.now()}`, at: 0 }],
      60_000,
    )
    await send(note('n1', [step('sms')], { priority: scene.priority }))
    await until(async () => expect(await ledger('n1', 'ada')).toMatchObject([scene.ends]))
    expect(sms.got).toHaveLength(scene.sends)
  })
})

describe('a claim', () => {
  test('a claim whose response was lost is recognized as its own, and the message is sent', async () => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    let lost = 0
    const { account, ledger, send } = await open({
      providers: providersOf(sms),
      wrap: (store) => ({
        ...store,
        expiringKeys: {
          ...store.expiringKeys,
          acquire: async (...given) => {
            const held = await store.expiringKeys.acquire(...given)
            if (lost++ < 2) throw new UnavailableError('store', new Error('it took too long'))
            return held
          },
        },
      }),
    })
    await account('text')
    await send(note('n1', [step('sms')]))
    await until(async () => expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'sent', attempts: 1 }]))
    expect(sms.got).toHaveLength(1)
  })

  test("another process's claim is awaited without replacing a later attempt", async () => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    const { account, ledger, quiet, seal, store, stream, tenant } = await open({
      providers: providersOf(sms),
    })
    await account('text')
    const at = Date.now()
    const code: Step = {
      ...{
        tenant,
        user: 'ada',
        notification: 'n1',
        type: 'otp',
        priority: 'critical',
        at,
        toAudience: false,
      },
      ...{ expiresAt: at + 600_000, plan: [step('sms')], index: 0 },
    }
    code.secret = seal.seal('123456', secretContext(code))
    const key = deliveryKey(code, '')
    await store.expiringKeys.acquire(
      tenant,
      [{ key: `send:${key}:1`, value: `another ${at}`, at: 0 }],
      60_000,
    )
    const retry = stepMessage(
      { ...code, attempt: 2 },
      { at: at + 600, key: scheduleSubject(tenant, 'retry', `step-${key}`) },
    )
    await stream.publish([retry, stepMessage(code)])
    await quiet()
    expect(sms.got).toEqual([])
    await until(async () => expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'sent', attempts: 2 }]))
  })
})

test('a slow provider delays only its own messages', async () => {
  const slow = scripted('slow', ['sms'], { needs: 'phone', concurrency: 2 })
  const mail = scripted('mail', ['email'])
  const { account, send, ledger } = await open({ providers: providersOf(slow, mail) })
  await account('slow')
  await account('mail')
  let release = () => {}
  const stuck = new Promise<void>((resolve) => {
    release = resolve
  })
  slow.say(async () => {
    await stuck
    return { outcome: 'sent' }
  })
  await Promise.all(Array.from({ length: 300 }, (_, n) => send(note(`s${n}`, [step('sms')]))))
  await send(note('mail', [step('email')]))
  await until(async () => expect(await ledger('mail', 'ada')).toMatchObject([{ state: 'sent' }]))
  expect(slow.got).toHaveLength(2)
  release()
})
