import { makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import { readPush, signPush } from '@carillon/core/delivery/push-token'
import { itemId } from '@carillon/core/notification/ids'
import { expect, test } from 'vitest'
import { lookUpUnread } from './lookup-unread.ts'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()
const phone = (id: string) => ({
  id,
  device: { kind: 'fcm' as const, token: `token-of-${id}-0123` },
  createdAt: 1,
})

test('a push has the unread count, and a token for the delivery to its device', async () => {
  const google = scripted('fcm', ['push'], { needs: 'device' })
  const mail = scripted('mail', ['email'])
  const world = await open({ providers: providersOf(google, mail) })
  const { tenant, store, seal, account, send } = world
  await account('fcm')
  await account('mail')
  await store.devices.put(tenant, 'ada', phone('phone'))
  await store.devices.put(tenant, 'ada', phone('tablet'))
  await send(note('earlier', []))
  await until(async () => expect(await world.titles('ada')).toHaveLength(1))
  await send(note('n1', [step('push'), step('email')]))
  await until(() => expect([google.got.length, mail.got.length]).toEqual([2, 1]))
  expect(mail.got[0]).not.toHaveProperty('push')
  const [item] = await store.inbox.get({ tenant, user: 'ada' }, [google.got[0]?.item ?? ''])
  expect(item?.notification).toBe('n1')
  for (const { push, address } of google.got) {
    const device = address.kind === 'device' ? address.id : ''
    expect(push?.badge).toBe(2)
    const place = { notification: 'n1', toAudience: false, step: 0, device, item: item?.id }
    expect(await readPush(seal, push?.token ?? '', Date.now())).toMatchObject({
      tenant,
      user: 'ada',
      ...place,
    })
  }
  const [{ push } = {}] = google.got
  const eighthDay = Date.now() + 8 * 86_400_000
  expect(await readPush(seal, push?.token ?? '', eighthDay)).toEqual({ fault: 'expired' })
  expect(await readPush(seal, `${push?.token}x`, Date.now())).toEqual({ fault: 'invalid' })
})

test('unread items are counted once for each user of a batch, and again after a failure', async () => {
  let counted = 0
  const unread = lookUpUnread({
    inbox: {
      counts: async () => {
        counted++
        if (counted === 1) throw new Error('gone')
        return { counts: { unread: 7, unseen: 7 }, complete: true }
      },
    } as never,
  })
  await expect(unread({ tenant: 't', user: 'ada' })).rejects.toThrow('gone')
  const all = ['ada', 'bob', 'ada', 'ada'].map((user) => unread({ tenant: 't', user }))
  expect(await Promise.all(all)).toEqual([7, 7, 7, 7])
  expect(counted).toBe(3)
})

test('tokens of another tenant or purpose are refused', async () => {
  const { seal, tenant } = await open({ providers: providersOf() })
  const item = itemId(tenant, 'n1', 'ada', Date.now())
  const push = { tenant, user: 'ada', notification: 'n1', toAudience: true, step: 0, device: 'phone', item }
  const token = await signPush(seal, push, Date.now())
  expect(await readPush(seal, token, Date.now())).toMatchObject(push)
  const [head = '', body = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const forged = Buffer.from(JSON.stringify({ ...claims, iss: 'other' })).toString('base64url')
  const link = await makePreferencesUrl(seal, 'https://hub.example', push, { seconds: 60, now: Date.now() })
  const hostile = [
    `${head}.${forged}.${signature}`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
    link.split('#')[1] ?? '',
    'x'.repeat(100_000),
    '',
    '__proto__',
  ]
  for (const each of hostile) expect(await readPush(seal, each, Date.now())).toEqual({ fault: 'invalid' })
})
