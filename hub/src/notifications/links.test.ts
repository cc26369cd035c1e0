import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

const note = { to: 'ann', type: 'test' }
const plan = [{ channel: 'email' }]
const send = (tenant: TestTenant, body: object, hub = test) =>
  hub.call('POST', '/v1/notifications', { token: tenant.key, body })

describe('links of a notification', () => {
  it('are normalized once, before they reach the log', async () => {
    const tenant = await test.tenant()
    const body = {
      ...note,
      url: '/für dich?q=ä',
      image: 'https://bücher.example/ein bild.png',
      actor: { name: 'Ada\u202e', avatar: 'HTTPS://cdn.example/ada.png' },
      actions: [{ name: 'open', label: 'Öff\u200bnen', url: ' https://app.example/a b ' }],
    }
    expect((await send(tenant, body)).status).toBe(202)
    const [message] = await test.taken('notify-normal')
    expect(JSON.parse(Buffer.from(message!.data).toString())).toMatchObject({
      url: '/f%C3%BCr%20dich?q=%C3%A4',
      image: 'https://xn--bcher-kva.example/ein%20bild.png',
      actor: { name: 'Ada', avatar: 'https://cdn.example/ada.png' },
      actions: [{ name: 'open', label: 'Öffnen', url: 'https://app.example/a%20b' }],
    })
  })

  it('must be https outside development', async () => {
    const tenant = await test.tenant()
    const url = 'http://app.example/'
    const reply = await send(tenant, {
      ...note,
      url,
      image: url,
      actor: { avatar: url },
      actions: [
        { name: 'a', label: 'A', url: 'https://app.example' },
        { name: 'b', label: 'B', url },
      ],
    })
    expect([reply.status, reply.json.code]).toEqual([422, 'invalid_request'])
    expect(reply.json.errors?.map(({ pointer }) => pointer)).toEqual([
      '/url',
      '/image',
      '/actions/1/url',
      '/actor/avatar',
    ])
    const batch = await test.call('POST', '/v1/notifications/batch', {
      token: tenant.key,
      body: { notifications: [note, { ...note, url }] },
    })
    expect(batch.json).toMatchObject({ results: [{}, { problem: { code: 'invalid_request' } }] })
    const dev = await openHub({ insecureLinks: 'accept' })
    expect((await send(await dev.tenant(), { ...note, url }, dev)).status).toBe(202)
    await dev.close()
  })

  it('paths require the URL of the app, if a plan sends them outside it', async () => {
    const tenant = await test.tenant()
    const body = { ...note, plan, url: '/posts/7', actions: [{ name: 'a', label: 'A', url: '/a' }] }
    expect((await send(tenant, { ...body, plan: [] })).status).toBe(202)
    const reply = await send(tenant, body)
    expect([reply.status, reply.json.code]).toEqual([422, 'no_app_url'])
    expect(reply.json.detail).toContain('PUT /v1/tenant')
    expect(reply.json.errors?.map(({ pointer }) => pointer)).toEqual(['/url', '/actions/0/url'])
    await test.call('PUT', '/v1/types/planned', { token: tenant.key, body: { plan } })
    const typed = { to: 'ann', type: 'planned', url: '/posts/7' }
    expect((await send(tenant, typed)).json.code).toBe('no_app_url')
    expect((await send(tenant, { ...typed, plan: [] })).status).toBe(202)
    expect((await send(tenant, { ...typed, url: 'https://app.example/posts/7' })).status).toBe(202)
    await test.call('PUT', '/v1/tenant', { token: tenant.key, body: { url: 'https://app.example' } })
    expect((await send(tenant, typed)).status).toBe(202)
    expect((await send(tenant, body)).status).toBe(202)
  })

  it('paths lead to the demo page in development', async () => {
    const dev = await openHub({ appUrl: 'http://localhost:4000' })
    expect((await send(await dev.tenant(), { ...note, plan, url: '/posts/7' }, dev)).status).toBe(202)
    await dev.close()
  })
})
