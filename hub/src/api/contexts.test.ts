import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

type Page = { contexts: { key: string }[]; next: string | null }

const acme = {
  name: 'Acme Corp',
  logo: 'https://acme.example/logo.png',
  colors: { primary: '#1f4fd8', 'on-primary': '#FFF' },
  senders: { email: { from: { email: 'hello@acme.example', name: 'Acme' }, account: 'smtp-acme' } },
  url: 'https://acme.example/app',
  timezone: 'Europe/Lisbon',
  locale: 'pt-PT',
  attributes: { plan: 'pro', constructor: 'text' },
  defaults: { categories: { news: { email: false } } },
}

describe('a context', () => {
  it('is created, returned, replaced as a whole and deleted', async () => {
    const { key, id } = await test.tenant()
    const at = '/v1/contexts/auth0%7Corg%2F7'
    expect((await test.call('GET', at, { token: key })).json.code).toBe('not_found')
    const put = await test.call('PUT', at, { token: key, body: acme })
    expect([put.status, put.json]).toEqual([200, { key: 'auth0|org/7', ...acme }])
    const got = await test.call('GET', at, { token: key })
    expect(got.json).toEqual(put.json)
    expect((await test.ports.cache.context(id, 'auth0|org/7'))?.settings).toEqual(acme)
    expect((await test.call('PUT', at, { token: key, body: got.json })).json).toEqual(got.json)
    expect((await test.call('PUT', at, { token: key, body: {} })).json).toEqual({ key: 'auth0|org/7' })
    expect((await test.ports.cache.context(id, 'auth0|org/7'))?.settings).toEqual({})
    const other = await test.tenant()
    expect((await test.call('GET', at, { token: other.key })).status).toBe(404)
    expect((await test.call('DELETE', at, { token: key })).status).toBe(204)
    expect((await test.call('DELETE', at, { token: key })).status).toBe(204)
    expect(await test.ports.cache.context(id, 'auth0|org/7')).toBeUndefined()
  })

  it.each(['__proto__', 'constructor', 'josé', '👩‍💻'])('may be called %s', async (name) => {
    const { key } = await test.tenant()
    const at = `/v1/contexts/${encodeURIComponent(name)}`
    expect((await test.call('PUT', at, { token: key, body: { name: 'x' } })).json).toEqual({
      key: name,
      name: 'x',
    })
    expect((await test.call('GET', '/v1/contexts', { token: key })).json).toEqual({
      contexts: [{ key: name, name: 'x' }],
      next: null,
    })
  })

  it('is guarded by If-Match', async () => {
    const { key } = await test.tenant()
    const write = (method: 'PUT' | 'DELETE', match: string, body?: object) =>
      test.call(method, '/v1/contexts/org-7', {
        token: key,
        headers: { 'if-match': match },
        ...(body && { body }),
      })
    expect((await write('PUT', '*', acme)).status).toBe(412)
    const first = await test.call('PUT', '/v1/contexts/org-7', { token: key, body: acme })
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^"[\w-]+"$/)
    expect((await test.call('GET', '/v1/contexts/org-7', { token: key })).headers.get('etag')).toBe(tag)
    expect((await write('PUT', tag, { name: 'next' })).status).toBe(200)
    for (const stale of [await write('PUT', tag, acme), await write('DELETE', tag)])
      expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed'])
    expect((await test.call('GET', '/v1/contexts/org-7', { token: key })).json.name).toBe('next')
    expect((await write('DELETE', '*')).status).toBe(204)
  })

  it('is listed page by page', async () => {
    const { key } = await test.tenant()
    const keys = Array.from({ length: 5 }, (_, n) => `org-${n}`)
    for (const each of keys) await test.call('PUT', `/v1/contexts/${each}`, { token: key, body: {} })
    const met: string[] = []
    let next: string | null = null
    do {
      const after: string = next === null ? '' : `&after=${next}`
      const page = await test.call<Page>('GET', `/v1/contexts?limit=2${after}`, { token: key })
      met.push(...page.json.contexts.map((each) => each.key))
      next = page.json.next
    } while (next !== null)
    expect(met.sort()).toEqual(keys)
    const foreign = await test.call('GET', '/v1/contexts?after=nonsense', { token: key })
    expect(foreign.json.code).toBe('cursor_invalid')
  })

  it.each([
    [{ logo: 'http://acme.example/logo.png' }, '/logo'],
    [{ logo: 'data:image/png;base64,AAAA' }, '/logo'],
    [{ url: 'http://acme.example' }, '/url'],
    [{ colors: { primary: 'red' } }, '/colors/primary'],
    [{ colors: { primary: '#12345' } }, '/colors/primary'],
    [{ colors: { 'a;b': '#fff' } }, '/colors/a;b'],
    [{ colors: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`c${n}`, '#fff'])) }, '/colors'],
    [{ timezone: 'Mars/Olympus' }, '/timezone'],
    [{ locale: 'not a locale' }, '/locale'],
    [{ name: '' }, '/name'],
    [{ senders: { email: { from: 'a@acme.example' } } }, '/senders/email/from'],
    [
      { senders: { email: { from: { email: 'a@acme.example, b@acme.example' } } } },
      '/senders/email/from/email',
    ],
    [
      { senders: { email: { from: { email: 'a@acme.example\r\nBcc: x@y.example' } } } },
      '/senders/email/from/email',
    ],
    [{ senders: { sms: { from: 'a sender that is too long' } } }, '/senders/sms/from'],
    [{ senders: { push: { from: 'x' } } }, '/senders/push/from'],
    [{ senders: { email: { account: 'no/account' } } }, '/senders/email/account'],
    [{ defaults: { topics: { a: false } } }, '/defaults/topics'],
    [{ otp: { perHour: 1 } }, '/otp'],
    [{ extra: 1 }, '/extra'],
  ])('is refused and left alone for %j', async (body, pointer) => {
    const { key } = await test.tenant()
    const reply = await test.call('PUT', '/v1/contexts/org-7', { token: key, body })
    expect([reply.status, reply.json.errors?.[0]?.pointer]).toEqual([422, pointer])
    expect((await test.call('GET', '/v1/contexts/org-7', { token: key })).status).toBe(404)
  })

  it('is bounded', async () => {
    const { key } = await test.tenant()
    const body = { attributes: { text: 'x'.repeat(32_768) } }
    expect((await test.call('PUT', '/v1/contexts/org-7', { token: key, body })).json.code).toBe(
      'payload_too_large',
    )
    const name = encodeURIComponent('é'.repeat(65))
    expect((await test.call('PUT', `/v1/contexts/${name}`, { token: key, body: {} })).status).toBe(422)
  })
})
