import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { Store } from '@carillon/core/store/port'
import { isErased } from '@carillon/core/store/rules/erasure'
import { createLog } from '@carillon/core/telemetry/log'
import { io, type Socket } from 'socket.io-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

const hubs: TestHub[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  for (const hub of hubs.splice(0)) await hub.close()
})

const open = async (...args: Parameters<typeof openHub>) => {
  const test = await openHub(...args)
  hubs.push(test)
  const tenant = await test.tenant()
  const erase = (user: string) => test.call('DELETE', `/v1/users/${user}`, { token: tenant.key })
  const inbox = (token: string) => test.call<{ items: unknown[] }>('GET', '/v1/inbox', { token })
  return { test, tenant, erase, inbox, erased: erasedIn(test, tenant) }
}

const erasedIn =
  ({ ports }: TestHub, { id }: TestTenant) =>
  async (user: string) =>
    isErased((await ports.store.users.erased(id, [user])).get(user))

const connect = (url: string, token: string): Socket => {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true })
  sockets.push(socket)
  return socket
}
const next = (socket: Socket, event: string) => new Promise<unknown>((resolve) => socket.once(event, resolve))

describe('DELETE /v1/users/{id}', () => {
  it('rejects earlier tokens, and logs it; later ones read an empty inbox', async () => {
    const log = createLog({ level: 'silent', role: 'hub' })
    const warn = vi.spyOn(log, 'warn')
    const { test, tenant, erase, inbox } = await open({}, () => ({ log }))
    await tenant.item('ann')
    const [old, bob] = [await tenant.userToken('ann'), await tenant.userToken('bob')]
    expect((await inbox(old)).json.items).toHaveLength(1)
    expect((await erase('ann')).status).toBe(204)
    const refused = await inbox(old)
    expect([refused.status, refused.json.code]).toEqual([401, 'unauthenticated'])
    expect(warn.mock.calls[0]).toMatchObject([{ reason: 'erased', tenant: tenant.id }, expect.any(String)])
    for (const [method, path, body] of [
      ['PUT', '/v1/devices/phone', { kind: 'fcm', token: 'token-of-a-phone-0123456789' }],
      ['POST', '/v1/inbox/read-all', {}],
    ] as const)
      expect((await test.call(method, path, { token: old, body })).status, path).toBe(401)
    expect((await inbox(await tenant.userToken('ann'))).json.items).toEqual([])
    expect((await inbox(bob)).status).toBe(200)
  })

  it('rejects tokens signed before, even after the user is stored again', async () => {
    const { test, tenant, erase, inbox } = await open()
    const old = await tenant.userToken('ann')
    await erase('ann')
    await test.call('PUT', '/v1/users/ann', { token: tenant.key, body: { name: 'Another Ann' } })
    expect((await inbox(old)).status).toBe(401)
    expect((await inbox(await tenant.userToken('ann'))).status).toBe(200)
  })

  it('closes the connections of the user, and of no other user', async () => {
    const { test, tenant, erase } = await open()
    const url = `http://127.0.0.1:${(await test.hub.listen(0, '127.0.0.1')).port}`
    const old = await tenant.userToken('ann')
    const tabs = [connect(url, old), connect(url, old), connect(url, await tenant.userToken('bob'))]
    await Promise.all(tabs.map((tab) => next(tab, 'connect')))
    const ended = tabs.slice(0, 2).map((tab) => next(tab, 'disconnect'))
    await erase('ann')
    await Promise.all(ended)
    expect(tabs[2]?.connected).toBe(true)
    expect(await next(connect(url, old), 'connect_error')).toMatchObject({ message: 'unauthenticated' })
    await next(connect(url, await tenant.userToken('ann')), 'connect')
  })

  it('rejects a connection whose token was checked just before the erasure', async () => {
    const { test, tenant, erase } = await open()
    const url = `http://127.0.0.1:${(await test.hub.listen(0, '127.0.0.1')).port}`
    const old = await tenant.userToken('ann')
    const { adapter } = test.ports.io.of('/')
    const join = adapter.addAll.bind(adapter)
    // After the check of the token and before the room is joined.
    adapter.addAll = async (id, rooms) => {
      if ([...rooms].some((room) => room.startsWith('u:'))) await erase('ann')
      return join(id, rooms)
    }
    const socket = connect(url, old)
    await Promise.race([next(socket, 'connect_error'), next(socket, 'disconnect')])
    await vi.waitFor(() => expect(test.ports.io.of('/').sockets.size).toBe(0), 15_000)
  })

  it('ends snoozes, and is idempotent', async () => {
    const cancelled: string[] = []
    const { test, tenant, erase } = await open({}, ({ stream }) => ({
      stream: {
        ...stream,
        cancel: async (keys) => {
          cancelled.push(...keys)
          return stream.cancel(keys)
        },
      },
    }))
    const item = await tenant.item('ann')
    const snoozedUntil = new Date(Date.now() + 86_400_000).toISOString()
    const token = await tenant.userToken('ann')
    await test.call('PATCH', `/v1/inbox/${item.id}`, { token, body: { snoozedUntil } })
    await erase('ann')
    expect(cancelled).toEqual([`schedule.${tenant.id}.snooze.${item.id.replaceAll('-', '')}`])
    expect((await erase('ann')).status).toBe(204)
    expect((await test.call('GET', '/v1/users/ann', { token: tenant.key })).status).toBe(404)
  })

  it('rejects one-time passwords, including pending ones', async () => {
    const { test, tenant, erase } = await open()
    const otp = (body: object) => test.call<{ id: string }>('POST', '/v1/otp', { token: tenant.key, body })
    await test.ports.store.accounts.put(tenant.id, {
      ...{ id: 'mail', provider: 'parrot', channels: ['email'], order: 0, config: {} },
    })
    const to = { user: 'ann', email: 'ann@example.org' }
    const { json } = await otp({ to, channel: 'email' })
    const [message] = await test.taken('email-critical')
    const step = JSON.parse(Buffer.from(message?.data ?? []).toString())
    const code = test.ports.seal.open(step.secret, `otp:${tenant.id}:${json.id}`)
    await erase('ann')
    const verified = await test.call('POST', '/v1/otp/verify', {
      token: tenant.key,
      body: { id: json.id, code },
    })
    expect(verified.json).toEqual({ valid: false, attemptsLeft: 0 })
    const refused = await otp({ to, channel: 'email' })
    expect([refused.status, refused.json.code]).toEqual([422, 'erased'])
    expect((await test.call('GET', '/v1/users/ann', { token: tenant.key })).status).toBe(404)
    await test.call('PUT', '/v1/users/ann', { token: tenant.key, body: {} })
    expect((await otp({ to, channel: 'email' })).status).toBe(202)
  })

  it('reports who was skipped and why in the notification', async () => {
    const { test, tenant } = await open()
    const at = Date.now()
    const id = derivedUuid7(at, 'n')
    const place = {
      notification: id,
      user: 'ann',
      step: -1,
      channel: 'inbox',
      device: '',
      toAudience: false,
    } as const
    const { notifications, deliveries } = test.ports.store
    await deliveries.record(tenant.id, [{ ...place, state: 'skipped', reason: 'erased', at }])
    await notifications.put([
      {
        ...{ tenant: tenant.id, id, type: 'test', priority: 'normal', fingerprint: 'f', acceptedAt: at },
        ...{ chains: 0, direct: 0, skipped: 1, absent: ['ann'] },
      },
    ])
    const token = tenant.key
    const path = `/v1/notifications/${id}`
    expect((await test.call('GET', path, { token })).json).toMatchObject({
      recipients: 0,
      deliveries: { inbox: { skipped: 1 } },
    })
    for (const query of ['', '?user=ann'])
      expect((await test.call('GET', `${path}/deliveries${query}`, { token })).json.deliveries).toMatchObject(
        [{ user: 'ann', channel: 'inbox', step: null, state: 'skipped', reason: 'erased' }],
      )
    const listed = await test.call('GET', '/v1/notifications?user=ann', { token })
    expect(listed.json).toMatchObject({ notifications: [{ id }] })
  })
})

describe('an erasure during', () => {
  /** Opens a hub whose store erases Ann whenever `method` is about to be called. */
  const openErasing = async (
    wrap: (store: Store, remove: (tenant: string) => Promise<void>) => Partial<Store>,
  ) =>
    open({}, ({ store }) => ({
      store: {
        ...store,
        ...wrap(store, async (tenant) => void (await store.users.remove(tenant, 'ann'))),
      },
    }))
  const phone = { kind: 'fcm', token: 'token-of-a-phone-0123456789' }

  it.each(['app', 'backend'])('the registration of a device by the %s leaves no device', async (by) => {
    const { test, tenant, erased } = await openErasing(({ devices }, remove) => ({
      devices: {
        ...devices,
        put: async (of, user, device) => {
          await remove(of)
          await devices.put(of, user, device)
        },
      },
    }))
    const token = by === 'app' ? await tenant.userToken('ann') : tenant.key
    const path = by === 'app' ? '/v1/devices/phone' : '/v1/users/ann/devices/phone'
    await test.call('PUT', path, { token, body: phone })
    expect(await erased('ann')).toBe(true)
    expect(await test.ports.store.devices.of(tenant.id, ['ann'])).toEqual(new Map())
  })

  it('the addition of members omits the erased user', async () => {
    const { test, tenant } = await openErasing(({ topics }, remove) => ({
      topics: {
        ...topics,
        add: async (of, topic, users) => {
          await remove(of)
          await topics.add(of, topic, users)
        },
      },
    }))
    const body = { users: ['ann', 'bob'] }
    await test.call('POST', '/v1/topics/team/members', { token: tenant.key, body })
    const { json } = await test.call('GET', '/v1/topics/team/members', { token: tenant.key })
    expect(json).toMatchObject({ users: ['bob'] })
  })
})
