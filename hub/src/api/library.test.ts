import type { Problem } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
let key: string
beforeAll(async () => {
  test = await openHub()
})
beforeEach(async () => {
  key = (await test.tenant()).key
})
afterAll(() => test.close())

const call = <Body = Record<string, unknown>>(method: string, path: string, body?: unknown, match?: string) =>
  test.call<Body>(method, path, {
    token: key,
    ...(body === undefined ? {} : { body }),
    ...(match === undefined ? {} : { headers: { 'if-match': match } }),
  })
const layout = (html: string, name = 'brand') => call('PUT', `/v1/layouts/${name}`, { html })
const partial = (text: string, name = 'bye') => call('PUT', `/v1/partials/${name}`, { text })
const errorsOf = ({ json }: { json: Partial<Problem> }) =>
  json.errors?.map(({ pointer, message }) => `${pointer} ${message}`)

const GOOD = '<h1>{{ tenant.id }}</h1>{{ content }}<a href="{{ unsubscribe_url }}">Stop</a>'

describe('a layout', () => {
  it('is stored, changed, listed and read as it was', async () => {
    const first = await layout(GOOD)
    expect([first.status, first.json, first.headers.get('etag')]).toEqual([
      200,
      { key: 'brand', version: 1, html: GOOD },
      '"1"',
    ])
    expect((await layout(GOOD)).json.version).toBe(1)
    expect((await partial('Bye')).json.version).toBe(2)
    expect((await layout(`${GOOD}!`)).json.version).toBe(3)
    expect((await call('GET', '/v1/layouts/brand?version=2')).json).toMatchObject({ version: 1, html: GOOD })
    expect((await call('GET', '/v1/layouts/brand?version=9')).status).toBe(404)
    expect((await call('GET', '/v1/layouts/none')).status).toBe(404)
    expect((await call<{ layouts: object[] }>('GET', '/v1/layouts')).json.layouts).toMatchObject([
      { key: 'brand', version: 3 },
    ])
    const { json } = await call<{ versions: { version: number }[]; next: string | null }>(
      'GET',
      '/v1/layouts/brand/versions?limit=1',
    )
    expect(json.versions.map(({ version }) => version)).toEqual([3])
    const more = await call<{ versions: { version: number }[] }>(
      'GET',
      `/v1/layouts/brand/versions?before=${json.next}`,
    )
    expect(more.json.versions.map(({ version }) => version)).toEqual([1])
    expect((await call('GET', '/v1/layouts/none/versions')).status).toBe(404)
    const { json: read } = await call('GET', '/v1/layouts/brand')
    expect((await call('PUT', '/v1/layouts/brand', read)).json).toEqual(read)
    expect((await call('DELETE', '/v1/layouts/brand')).status).toBe(204)
    expect((await call('DELETE', '/v1/layouts/brand')).status).toBe(204)
    expect((await call('GET', '/v1/layouts/brand')).status).toBe(404)
    expect((await call('GET', '/v1/layouts/brand?version=3')).json).toMatchObject({ html: `${GOOD}!` })
  })

  it.each([
    ['no slot', { html: 'x' }, ['/html line 1, column 1: has no {{ content }}, which renders the message']],
    [
      'no slot in a translation',
      { html: GOOD, locales: { pt: { html: 'x' } } },
      ['/locales/pt/html line 1, column 1: has no {{ content }}, which renders the message'],
    ],
    [
      'an unknown filter',
      { html: '{{ content }}\n  {{ user.id | no }}' },
      ['/html line 2, column 3: undefined filter: no'],
    ],
    [
      'an open tag',
      { html: '{{ content }}{% if true %}' },
      [expect.stringMatching(/^\/html line 1, column \d+: .*not closed/)],
    ],
    [
      'an unknown variable',
      { html: '{{ content }}{{ dta }}' },
      [expect.stringMatching(/^\/html line 1, column 17: there is no variable dta/)],
    ],
    [
      'an unknown partial',
      { html: "{{ content }}\n{% render 'no' %}" },
      ['/html line 2, column 1: there is no partial no'],
    ],
    [
      'a partial named by data',
      { html: '{{ content }}{% render data.x %}' },
      [expect.stringMatching(/^\/html line 1, column \d+: render takes the key of a partial in quotes/)],
    ],
    [
      'a broken message',
      { html: GOOD, messages: { n: '{n, plural, one {x}' } },
      [expect.stringMatching(/^\/messages\/n is not an ICU message/)],
    ],
    [
      'a tag that reads files',
      { html: "{{ content }}{% include 'x' %}" },
      [expect.stringContaining('tag "include" not found')],
    ],
  ])('is refused with %s', async (_, body, errors) => {
    const refused = await call('PUT', '/v1/layouts/brand', body)
    expect([refused.status, errorsOf(refused)]).toEqual([422, errors])
    expect((await call('GET', '/v1/layouts/brand')).status).toBe(404)
  })

  it('is refused if it is too long', async () => {
    expect((await layout(`{{ content }}${'x'.repeat(65_536)}`)).status).toBe(422)
  })

  it('that is a page and shows no link to unsubscribe is stored with a warning', async () => {
    expect((await layout('<!doctype html>{{ content }}')).json.warnings).toMatchObject([
      { code: 'no_unsubscribe', pointer: '/html' },
    ])
    // Carillon adds the link around a part of a page.
    expect((await layout('<i>{{ content }}</i>')).json.warnings ?? []).toEqual([])
  })
})

describe('a partial', () => {
  it('is text or HTML in every language, and cannot change from one to the other while in use', async () => {
    const none = await call('PUT', '/v1/partials/x', {})
    expect([none.status, errorsOf(none)]).toEqual([422, [' has neither text nor html']])
    const mixed = await call('PUT', '/v1/partials/x', { text: 'a', html: 'b' })
    expect(errorsOf(mixed)).toEqual(['/text the partial is html, so every language must be'])
    await call('PUT', '/v1/partials/x', { html: '<b>x</b>' })
    const type = { content: { title: "{% render 'x' %}" } }
    const refused = await call('PUT', '/v1/types/t', type)
    expect(errorsOf(refused)).toEqual([
      '/content/title line 1, column 1: the partial x is HTML, which only HTML templates can render',
    ])
    expect((await call('PUT', '/v1/partials/x', { text: 'x' })).status).toBe(200)
    expect((await call('PUT', '/v1/types/t', type)).status).toBe(200)
    const changed = await call('PUT', '/v1/partials/x', { html: '<b>x</b>' })
    expect([changed.status, changed.json.code]).toEqual([409, 'in_use'])
    expect((await call('PUT', '/v1/partials/x', { text: 'y' })).status).toBe(200)
  })

  it('must not render itself, nor through others', async () => {
    const own = await partial("{% render 'bye' %}")
    expect(errorsOf(own)).toEqual(['/text renders itself, directly or through other partials'])
    await partial('c', 'c')
    await partial("{% render 'c' %}", 'b')
    await partial("{% render 'b' %}", 'a')
    expect((await partial("{% render 'a' %}", 'c')).status).toBe(422)
    expect((await partial("{% render 'a' %}", 'd')).status).toBe(200)
  })

  it('must not render each other, even if both are written at once', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [`a${round}`, `b${round}`]
      await Promise.all([partial('x', a), partial('x', b)])
      const written = await Promise.all([
        partial(`{% render '${a}' %}`, b),
        partial(`{% render '${b}' %}`, a),
      ])
      expect(written.map(({ status }) => status).toSorted()).toEqual([200, 422])
    }
  })

  it('is refused if it is too large with what it renders', async () => {
    const long = 'x'.repeat(60_000)
    for (const name of ['p1', 'p2', 'p3', 'p4']) await partial(long, name)
    const all = "{% render 'p1' %}{% render 'p2' %}{% render 'p3' %}{% render 'p4' %}"
    expect((await partial(all, 'all')).status).toBe(200)
    const refused = await partial(all + long, 'more')
    expect(errorsOf(refused)).toEqual(['/text is longer than 262144 characters together with its partials'])
  })
})

describe('what is in use', () => {
  it('is not deleted; the problem names what uses it', async () => {
    await partial('Bye')
    await layout(`${GOOD}{% render 'bye' %}`)
    const html = { email: { html: "<p>{% render 'bye' %}</p>", layout: 'brand' } }
    await call('PUT', '/v1/types/order.shipped', { channels: html })
    const first = await call('DELETE', '/v1/layouts/brand')
    expect([first.status, first.json.code, first.json.detail]).toEqual([
      409,
      'in_use',
      'it is used by type order.shipped',
    ])
    expect((await call('DELETE', '/v1/partials/bye')).json.detail).toBe(
      'it is used by type order.shipped, layout brand',
    )
    await call('DELETE', '/v1/types/order.shipped')
    expect((await call('DELETE', '/v1/layouts/brand')).status).toBe(204)
    expect((await call('DELETE', '/v1/partials/bye')).status).toBe(204)
    const rolledBack = await call('PUT', '/v1/types/order.shipped', { channels: html })
    expect(errorsOf(rolledBack)).toEqual([
      '/channels/email/html line 1, column 4: there is no partial bye',
      '/channels/email/layout there is no layout brand',
    ])
  })
})

describe('env', () => {
  it('is a map of strings, versioned with the rest', async () => {
    expect([(await call('GET', '/v1/env')).json, (await call('GET', '/v1/env')).headers.get('etag')]).toEqual(
      [{}, '"0"'],
    )
    const put = await call('PUT', '/v1/env', { SHOP: 'https://dev.example', constructor: 'x' }, '"0"')
    expect([put.status, put.json, put.headers.get('etag')]).toEqual([
      200,
      { SHOP: 'https://dev.example', constructor: 'x' },
      '"1"',
    ])
    expect((await call('PUT', '/v1/env', {}, '"0"')).status).toBe(412)
    await call('PUT', '/v1/env', {})
    expect((await call('GET', '/v1/env')).json).toEqual({})
    expect((await call('GET', '/v1/env?version=1')).json).toMatchObject({ constructor: 'x' })
  })
  it.each([[{ 'a-b': 'x' }], [{ a: 1 }], [{ _a: 'x' }], [[]], ['{"__proto__":"x"}']])(
    'refuses %j',
    async (body) => {
      expect((await call('PUT', '/v1/env', body)).status).toBe(422)
    },
  )
})

describe('concurrent writers', () => {
  it('of different layouts both win; of one ETag one does', async () => {
    const put = await Promise.all(['a', 'b', 'c', 'd'].map((name) => layout(GOOD, name)))
    expect(put.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(put.map(({ json }) => json.version))).toEqual(new Set([1, 2, 3, 4]))
    const { headers } = await call('GET', '/v1/layouts/a')
    const tag = headers.get('etag') ?? ''
    const raced = await Promise.all(
      ['1', '2', '3'].map((each) => call('PUT', '/v1/layouts/a', { html: GOOD + each }, tag)),
    )
    expect(raced.map(({ status }) => status).toSorted()).toEqual([200, 412, 412])
    expect((await call('DELETE', '/v1/layouts/a', undefined, tag)).status).toBe(412)
  })

  it('of one layout each get what they wrote', async () => {
    const { library } = test.ports.store
    const put = library.put.bind(library)
    vi.spyOn(library, 'put').mockImplementationOnce(async (tenant, base, change, by) => {
      const made = await put(tenant, base, change, by)
      await put(tenant, made ?? base, { kind: 'layout', key: 'brand', value: { html: `${GOOD} other` } })
      return made
    })
    expect((await layout(GOOD)).json).toMatchObject({ html: GOOD, version: 1 })
    expect((await call('GET', '/v1/layouts/brand')).json).toMatchObject({ html: `${GOOD} other`, version: 2 })
  })
})
