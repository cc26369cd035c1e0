import type { Captured } from '@carillon/core/delivery/captured'
import { deliveryKey, type Step, secretContext, stepMessage } from '@carillon/core/delivery/step'
import { UnavailableError } from '@carillon/core/errors'
import { type PlanStep, scheduleSubject } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { capture } from '../channels/capture.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { providersOf, scripted } from './testing/scripted.ts'

let world: World | undefined
afterEach(async () => {
  vi.useRealTimers()
  await world?.close()
  world = undefined
})

const open = async (options: Parameters<typeof openWorld>[0]) => {
  world = await openWorld(options)
  await world.person('ada', { name: 'Ada', email: 'ada@example.org', phone: '+351911111111' })
  return world
}

const step = (channel: PlanStep['channel'], when: PlanStep['when'] = 'always', after = 0): PlanStep => ({
  channel,
  when,
  after,
})

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

const note = (id: string, plan: PlanStep[], more = {}) => ({
  id,
  to: 'ada',
  type: 'bill.due',
  title: 'Your bill',
  body: 'It is due on Friday',
  url: 'https://app.example.org/bills/7',
  plan,
  ...more,
})

describe('a delivery plan', () => {
  test('reaches the user once by the named channel, as the ledger shows', async () => {
    const mail = scripted('mail', ['email'])
    const { account, appUrl, send, ledger, quiet } = await open({
      providers: providersOf(mail),
      publicUrl: 'https://hub.example.org',
    })
    await appUrl('https://app.example.org')
    await account('mail')
    await send(note('n1', [step('email')], { url: '/bills/7' }))
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([
        { channel: 'email', step: 0, state: 'sent', attempts: 1, provider: 'mail', providerId: 'mail-1' },
      ]),
    )
    await send(note('n1', [step('email')], { url: '/bills/7' }))
    await quiet()
    expect(mail.got).toHaveLength(1)
    expect(mail.got[0]).toMatchObject({
      user: 'ada',
      type: 'bill.due',
      address: { kind: 'email', email: 'ada@example.org', name: 'Ada' },
      content: { title: 'Your bill', url: 'https://app.example.org/bills/7' },
      unsubscribeUrl: expect.stringMatching(/^https:\/\/hub\.example\.org\/v1\/unsubscribe\/v1\./),
    })
  })

  test('resolves links against the URL of the app', async () => {
    const mail = scripted('mail', ['email'])
    const { account, appUrl, send, quiet, deadLetters, titles } = await open({ providers: providersOf(mail) })
    await account('mail')
    const linked = {
      url: '/für dich',
      image: '/7.png',
      actor: { name: 'Ada', avatar: '/ada.png' },
      actions: [
        { name: 'pay', label: 'Pay', url: '/pay' },
        { name: 'call', label: 'Call', url: 'tel:+351 911' },
      ],
    }
    await send(note('homeless', [step('email')], linked))
    await quiet()
    expect(await deadLetters()).toEqual([
      { code: 'no_app_url', detail: expect.stringMatching(/PUT \/v1\/tenant.*\/url: .*\/actor\/avatar: /) },
    ])
    expect(await titles('ada')).toEqual([])
    await send(note('inside', [], linked))
    await appUrl('https://bücher.example/app/')
    await send(note('outside', [step('email')], linked))
    await until(() => expect(mail.got).toHaveLength(1))
    const base = 'https://xn--bcher-kva.example'
    expect(mail.got[0]?.content).toMatchObject({
      url: `${base}/f%C3%BCr%20dich`,
      image: `${base}/7.png`,
      actor: { name: 'Ada', avatar: `${base}/ada.png` },
      actions: [{ url: `${base}/pay` }, { url: 'tel:+351%20911' }],
    })
    await quiet()
    expect(await titles('ada')).toHaveLength(2)
  })

  test('rejects insecure links outside development', async () => {
    const { send, quiet, deadLetters } = await open({ insecureLinks: 'refuse' })
    await send(note('n1', [], { url: 'http://app.example.org/' }))
    await quiet()
    expect(await deadLetters()).toEqual([
      { code: 'invalid_request', detail: expect.stringContaining('/url: must be https') },
    ])
  })

  test('is that of the type at acceptance, unless the notification has one of its own', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, quiet, store, tenant } = await open({ providers: providersOf(mail) })
    await account('mail')
    await store.types.put(tenant, { key: 'bill.due', plan: [step('email')] })
    await send({ id: 'typed', to: 'ada', type: 'bill.due', title: 'typed' })
    await send({ id: 'own', to: 'ada', type: 'bill.due', title: 'own', plan: [] })
    await until(() => expect(mail.got.map(({ notification }) => notification)).toEqual(['typed']))
    await quiet()
    expect(mail.got).toHaveLength(1)
  })

  test('ends when the item is read before a step is due', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, store, tenant } = await open({ providers: providersOf(mail) })
    await account('mail')
    await send(note('n1', [step('email', 'unread', 1)]))
    const owner = { tenant, user: 'ada' }
    const item = await until(async () => {
      const [found] = (await store.inbox.page(owner, { status: 'active', limit: 1 })).items
      if (!found) throw new Error('not there yet')
      return found
    })
    await store.inbox.change(owner, [item.id], () => ({ readAt: new Date().toISOString() }))
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'skipped', reason: 'read' }]),
    )
    expect(mail.got).toEqual([])
  })

  test('continues with the next step at once if one fails permanently, and only then', async () => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, deadLetters } = await open({ providers: providersOf(sms, mail) })
    await account('text')
    await account('mail')
    const plan = [step('sms'), step('email', 'failed'), step('email', 'unread', 3_600)]
    sms.say(() => ({ outcome: 'refused', reason: 'landline', detail: 'not a mobile number' }))
    await send(note('fails', plan))
    await until(async () =>
      expect(await ledger('fails', 'ada')).toMatchObject([
        { channel: 'sms', state: 'failed', reason: 'landline' },
        { channel: 'email', step: 1, state: 'sent' },
      ]),
    )
    sms.say(() => ({ outcome: 'sent' }))
    await send(note('works', plan))
    await until(async () =>
      expect(await ledger('works', 'ada')).toMatchObject([{ channel: 'sms', state: 'sent' }]),
    )
    expect(mail.got.map(({ notification }) => notification)).toEqual(['fails'])
    expect(await deadLetters()).toEqual([])
  })

  test('skips a step that reaches no address, and the next step is due at once', async () => {
    const sms = scripted('text', ['sms'], { needs: 'phone' })
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, person } = await open({ providers: providersOf(sms, mail) })
    await account('text')
    await account('mail')
    await person('bob', { email: 'bob@example.org' })
    await send({ ...note('n1', [step('slack'), step('sms'), step('email', 'unread', 3_600)]), to: 'bob' })
    await until(async () =>
      expect((await ledger('n1', 'bob')).map(({ state, reason }) => [state, reason])).toEqual([
        ['skipped', 'no_provider'],
        ['skipped', 'no_address'],
        ['sent', null],
      ]),
    )
  })

  test('ends when the notification is cancelled or the item deleted', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, store, tenant } = await open({ providers: providersOf(mail) })
    await account('mail')
    await send(note('cancelled', [step('email', 'always', 1)]))
    await send(note('deleted', [step('email', 'always', 1)]))
    const owner = { tenant, user: 'ada' }
    const items = await until(async () => {
      const found = await store.inbox.page(owner, { status: 'active', limit: 5 })
      expect(found.items).toHaveLength(2)
      return found.items
    })
    await store.notifications.cancel(tenant, 'cancelled', Date.now())
    await store.inbox.remove(owner, [items.find(({ notification }) => notification === 'deleted')!.id])
    await until(async () => {
      expect(await ledger('cancelled', 'ada')).toMatchObject([{ state: 'skipped', reason: 'cancelled' }])
      expect(await ledger('deleted', 'ada')).toMatchObject([{ state: 'skipped', reason: 'deleted' }])
    })
    expect(mail.got).toEqual([])
  })

  test('shows in development what would have been sent', async () => {
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
})

describe('development', () => {
  test('lists as skipped what no provider could have sent', async () => {
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
    // A step may be looked at again; its message is the same one.
    const messages = [...new Map(captured.map((message) => [message.id, message])).values()]
    expect(messages.map(({ channel }) => channel).sort()).toEqual(['email', 'push', 'sms', 'telegram'])
    for (const message of messages) expect(message).toMatchObject(shown)
  })

  test('lists what a real account sent, and why it could not send', async () => {
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
    // After a few failures in a row it is left alone.
    expect(first.got.length).toBeLessThan(12)
  })

  test('is tried again after a delay, and in the end the message is a dead letter', async () => {
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

  test('is shown by the waiting delivery, with the reason and the time of the next attempt', async () => {
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
    // After five faults in a row the provider is left alone; what waits for it says the same, though it was not tried.
    for (const id of ['n2', 'n3', 'n4', 'n5']) await queued(id, 1)
    expect(await queued('n6', 0)).toMatchObject(why)
  })

  test('is tried as often as the account allows', async () => {
    const mail = scripted('mail', ['email'])
    const { account, send, ledger, deadLetters } = await open({ providers: providersOf(mail) })
    await account('mail', { retry: { attempts: 1 } })
    mail.say(() => ({ outcome: 'retry', reason: 'provider_error', detail: 'HTTP 503' }))
    await send(note('once', [step('email')]))
    await until(async () =>
      expect(await ledger('once', 'ada')).toMatchObject([{ state: 'failed', attempts: 1 }]),
    )
    expect(await deadLetters()).toEqual([
      { code: 'undeliverable', detail: 'email: provider_error: HTTP 503' },
    ])
  })

  test('for long makes the step due that waits for a failure', async () => {
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

  test('with 410 for a webhook disables it at once, and the next step is due', async () => {
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

  test('with a bounce suppresses the address permanently', async () => {
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

  test('for one of several devices, as it is gone, removes it; the others are reached', async () => {
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

  test('after the message was written leaves it in doubt: it is sent again only if critical', async () => {
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
  ])('a process that died with a $priority message in hand leaves it in doubt', async (scene) => {
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

  test('is asked even if the answer to the claim was lost', async () => {
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

  test('is tried again although another process may still be sending an earlier attempt', async () => {
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
      { at: at + 600, key: scheduleSubject(tenant, `step-${key}`) },
    )
    await stream.publish([retry, stepMessage(code)])
    await quiet()
    expect(sms.got).toEqual([])
    await until(async () => expect(await ledger('n1', 'ada')).toMatchObject([{ state: 'sent', attempts: 2 }]))
  })

  test('delays only its own messages', async () => {
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
    for (let n = 0; n < 300; n++) await send(note(`s${n}`, [step('sms')]))
    await send(note('mail', [step('email')]))
    await until(async () => expect(await ledger('mail', 'ada')).toMatchObject([{ state: 'sent' }]))
    expect(slow.got).toHaveLength(2)
    release()
  })
})

test('a message beyond the rate limits waits, and is then sent', async () => {
  const mail = scripted('mail', ['email'])
  const { account, send } = await open({ providers: providersOf(mail) })
  await account('mail', { rate: { perSecond: 40, burst: 1 } })
  for (let n = 0; n < 60; n++) await send(note(`n${n}`, [step('email')]))
  await until(() => expect(mail.got).toHaveLength(60))
  expect(new Set(mail.got.map(({ notification }) => notification)).size).toBe(60)
})
