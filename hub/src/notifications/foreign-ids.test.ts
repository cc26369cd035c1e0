import { FOREIGN_IDS } from '@carillon/core/store/contract/samples'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
let url: string
beforeAll(async () => {
  test = await openHub()
  tenant = await test.tenant()
  const { port } = await test.hub.listen(0, '127.0.0.1')
  url = `http://127.0.0.1:${port}`
})
afterAll(() => test.close())

/** Sends a request over a real connection, because servers and clients may normalize paths. */
const call = async (method: string, path: string, body?: unknown, token = tenant.key) => {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) }
}

describe.each(FOREIGN_IDS)('the id %j', (id) => {
  const path = encodeURIComponent(id)

  it('identifies a user, and a token reads their inbox', async () => {
    expect(await call('PUT', `/v1/users/${path}`, { name: 'Ada' })).toEqual({
      status: 200,
      json: { id, name: 'Ada' },
    })
    expect((await call('GET', `/v1/users/${path}`)).json).toEqual({ id, name: 'Ada' })
    const { token } = (await call('POST', `/v1/users/${path}/token`, {})).json
    await tenant.item(id, { title: id })
    const inbox = await call('GET', '/v1/inbox', undefined, token)
    expect(inbox.json.items.map(({ title }: { title: string }) => title)).toEqual([id])
    const hook = { kind: 'telegram', chat: '7' }
    expect((await call('PUT', `/v1/users/${path}/devices/hook`, hook)).status).toBe(200)
    expect((await call('GET', `/v1/users/${path}/devices`)).json.devices).toHaveLength(1)
    expect((await call('DELETE', `/v1/users/${path}`)).status).toBe(204)
    expect((await call('GET', `/v1/users/${path}`)).status).toBe(404)
  })

  it('identifies a topic and its member', async () => {
    expect((await call('PUT', `/v1/topics/${path}/members/${path}`)).status).toBe(204)
    expect((await call('POST', `/v1/topics/${path}/members`, { users: [id, 'eve'] })).status).toBe(204)
    const first = await call('GET', `/v1/topics/${path}/members?limit=1`)
    const next = encodeURIComponent(first.json.next)
    const second = await call('GET', `/v1/topics/${path}/members?limit=1&after=${next}`)
    expect([...first.json.users, ...second.json.users].sort()).toEqual([id, 'eve'].sort())
    expect((await call('DELETE', `/v1/topics/${path}/members/${path}`)).status).toBe(204)
    expect((await call('GET', `/v1/topics/${path}/members`)).json.users).toEqual(['eve'])
  })

  it('identifies a notification', async () => {
    const note = { id, to: id, exclude: [id], actor: id, type: 'test' }
    expect(await call('POST', '/v1/notifications', note)).toMatchObject({ status: 202, json: { id } })
    await test.ports.store.notifications.put([
      {
        tenant: tenant.id,
        id,
        type: 'test',
        priority: 'normal',
        acceptedAt: Date.now(),
        fingerprint: id,
        chains: 0,
        direct: 1,
        users: [id],
      },
    ])
    expect((await call('GET', `/v1/notifications/${path}`)).json).toMatchObject({ id, recipients: 1 })
    const deliveries = await call('GET', `/v1/notifications/${path}/deliveries?user=${path}`)
    expect(deliveries).toMatchObject({ status: 200, json: { deliveries: [] } })
    expect((await call('DELETE', `/v1/notifications/${path}`)).json.code).toBe('already_delivered')
  })
})

it('is not matched by other ids', async () => {
  await call('PUT', '/v1/users/jos%C3%A9', {})
  expect((await call('GET', '/v1/users/jose%CC%81')).status).toBe(404)
  expect((await call('GET', '/v1/users/JOS%C3%89')).status).toBe(404)
})
