import { describe, expect, test } from 'vitest'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()

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
      unsubscribeUrl: expect.stringMatching(/^https:\/\/hub\.example\.org\/v1\/unsubscribe\/ey/),
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
})

test('a message beyond the rate limits waits, and is then sent', async () => {
  const mail = scripted('mail', ['email'])
  const { account, send } = await open({ providers: providersOf(mail) })
  await account('mail', { rate: { perSecond: 40, burst: 1 } })
  for (let n = 0; n < 60; n++) await send(note(`n${n}`, [step('email')]))
  await until(() => expect(mail.got).toHaveLength(60))
  expect(new Set(mail.got.map(({ notification }) => notification)).size).toBe(60)
})
