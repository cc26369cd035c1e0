import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UnavailableError } from '@carillon/core/errors'
import { PROBLEMS } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { EVENT_PATHS } from '../http/media-types.ts'
import { openHub, type TestHub } from '../testing/hub.ts'
import { BROWSER_FILES } from './browser.ts'

const folder = mkdtempSync(join(tmpdir(), 'carillon-hub-'))
mkdirSync(join(folder, 'chunks'))
writeFileSync(join(folder, 'chunks', 'part-abc.js'), '// part\n')
for (const name of BROWSER_FILES) writeFileSync(join(folder, name), `// ${name}\n`)
const browserFiles = pathToFileURL(`${folder}/`)

const DEMO = {
  tenant: 'demo',
  url: 'http://localhost:4000',
  apiKey: 'ck_demo',
  natsUrl: null,
  users: ['ada', 'grace'],
  durable: 'nothing is kept',
}

let test: TestHub
beforeAll(async () => {
  test = await openHub({ browserFiles })
})
afterAll(async () => {
  await test.close()
  rmSync(folder, { recursive: true })
})

describe('health', () => {
  it('reports that the process is alive', async () => {
    expect((await test.call('GET', '/healthz')).json).toEqual({ status: 'ok' })
  })

  it('reports ready when every part is ready', async () => {
    const reply = await test.call('GET', '/readyz')
    expect(reply.status).toBe(200)
    expect(reply.json).toEqual({ status: 'ready', parts: { stream: 'ok', store: 'ok', live: 'ok' } })
  })

  it('reports not ready until every dependency was reached, and while draining', async () => {
    let asked = 0
    const half = await openHub({}, ({ store }) => ({
      store: {
        ...store,
        check: async () => {
          asked++
          throw new UnavailableError('store', new Error('no route to host 10.0.0.1'))
        },
      },
    }))
    const reply = await half.call('GET', '/readyz')
    expect(reply.status).toBe(503)
    expect(reply.json).toMatchObject({ status: 'unready', parts: { stream: 'ok', live: 'ok' } })
    expect(reply.text).not.toContain('10.0.0.1')
    await Promise.all(Array.from({ length: 20 }, () => half.call('GET', '/readyz')))
    expect(asked).toBe(1)
    await half.close()

    const leaving = await openHub()
    await leaving.hub.drain({ delayMs: 0, ms: 10 })
    expect((await leaving.call('GET', '/readyz')).json.status).toBe('draining')
    expect((await leaving.call('GET', '/healthz')).status).toBe(200)
    await leaving.close()
  })
})

describe('readiness during an outage', () => {
  it('stays ready, and shows the outage in the body and the metrics', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    let reachable = true
    const hub = await openHub({}, ({ stream }) => ({
      stream: {
        ...stream,
        check: async () => {
          if (!reachable) throw new UnavailableError('stream', new Error('down'))
        },
      },
    }))
    try {
      expect((await hub.call('GET', '/readyz')).json.status).toBe('ready')
      expect((await hub.call('GET', '/metrics')).text).toContain(
        'carillon_dependency_up{dependency="stream"} 1',
      )
      reachable = false
      vi.advanceTimersByTime(2_000)
      expect(await hub.call('GET', '/readyz')).toMatchObject({
        status: 200,
        json: {
          status: 'degraded',
          parts: { store: 'ok', live: 'ok', stream: expect.not.stringMatching('ok') },
        },
      })
      expect((await hub.call('GET', '/metrics')).text).toContain(
        'carillon_dependency_up{dependency="stream"} 0',
      )
    } finally {
      vi.useRealTimers()
      await hub.close()
    }
  })
})

describe('metrics', () => {
  it('count requests by route', async () => {
    const { key } = await test.tenant()
    const body = { to: 'ann', type: 'test', priority: 'high' }
    await test.call('POST', '/v1/notifications', { token: key, body })
    await test.call('POST', '/v1/notifications', { token: key, body: { ...body, title: 1 } })
    await test.call('GET', '/v1/users/somebody', { token: key })
    await test.call('GET', `/nothing/${key}`)
    const { text, headers } = await test.call('GET', '/metrics')
    expect(headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('carillon_notifications_accepted_total{via="http",priority="high"} 1')
    expect(text).toContain('carillon_notifications_refused_total{via="http",code="invalid_request"} 1')
    expect(text).toContain('carillon_queue_backlog{queue="notify-high"} 1')
    expect(text).toContain(
      'carillon_http_request_seconds_count{method="GET",route="/v1/users/{id}",status="404"} 1',
    )
    expect(text).toContain('route="unmatched",status="404"} 1')
    expect(text).not.toContain(key)
    expect(text).not.toContain('somebody')
  })
})

type Operation = {
  operationId: string
  security: Record<string, string[]>[]
  parameters: { name: string; in: string; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: { $ref?: string } }> }>
}
type Document = {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; securitySchemes: object }
}

describe('/openapi.json', () => {
  const document = async () => (await test.call<Document>('GET', '/openapi.json')).json

  it('contains every route, and no other', async () => {
    const { paths, openapi } = await document()
    expect(openapi).toBe('3.1.0')
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    const open = test.hub.routes.filter(({ internal }) => !internal)
    expect(documented.sort()).toEqual(open.map(({ method, path }) => `${method} ${path}`).sort())
    const handled = new Set(
      test.hub.app.routes
        .filter(({ method }) => method !== 'ALL')
        .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    )
    expect([...handled].filter((each) => !documented.includes(each)).sort()).toEqual(
      [
        ...BROWSER_FILES.map((name) => `get /${name}`),
        'get /chunks/{file}',
        // The preferences page and its files.
        'get /preferences',
        'get /preferences/data',
        'patch /preferences/data',
        'get /preferences/{file}',
        // OpenAPI does not define validation requests for webhooks.
        ...EVENT_PATHS.map((path) => `options ${path}`),
      ].sort(),
    )
  })

  it('describes every operation in full', async () => {
    const { paths, components } = await document()
    const ids = new Set<string>()
    for (const [path, methods] of Object.entries(paths))
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${method} ${path}`
        ids.add(operation.operationId)
        const inPath = operation.parameters
          .filter((parameter) => parameter.in === 'path')
          .map(({ name }) => name)
        expect(inPath, where).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
        const open = operation.security.length === 0
        expect(Object.keys(operation.responses), where).toEqual(
          expect.arrayContaining(['500', ...(open ? [] : ['401', '503'])]),
        )
        expect(
          Object.keys(operation.responses).some((status) => status.startsWith('2')),
          where,
        ).toBe(true)
        if (operation.requestBody)
          expect(Object.keys(operation.responses), where).toEqual(
            expect.arrayContaining(['400', '413', '415', '422']),
          )
        for (const [status, { description, content }] of Object.entries(operation.responses)) {
          expect(description, `${where} ${status}`).not.toBe('')
          if (Number(status) >= 400 && !content?.['text/html'] && path !== '/readyz')
            expect(content?.['application/problem+json']?.schema.$ref, where).toMatch(/\/(Batch)?Problem$/)
        }
      }
    expect(ids.size).toBe(test.hub.routes.filter(({ internal }) => !internal).length)
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining(['Notification', 'InboxItem', 'InboxPage', 'UserProfile', 'Problem']),
    )
  })

  it('contains no dangling references', async () => {
    const whole = await document()
    const { text } = await test.call('GET', '/openapi.json')
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]*)"/g)) {
      const target = pointer
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], whole)
      expect(target, pointer).toBeDefined()
    }
    expect(text).not.toContain('$defs')
    expect(text).not.toContain('__schema')
  })

  it('documents every problem that HTTP responses can contain', async () => {
    const { text } = await test.call('GET', '/openapi.json')
    const deadLetters = ['subject_invalid', 'too_many_attempts', 'undeliverable', 'no_provider']
    const elsewhere = [...deadLetters, 'method_not_allowed']
    for (const code of Object.keys(PROBLEMS))
      if (!elsewhere.includes(code)) expect(text.includes(`\`${code}\``), code).toBe(true)
  })
})

describe('/schemas', () => {
  it('are served for senders in other languages', async () => {
    const { json, headers } = await test.call('GET', '/schemas/notification.json')
    expect(headers.get('content-type')).toBe('application/schema+json')
    expect(json).toMatchObject({ $id: 'urn:carillon:schema:notification', required: ['to', 'type'] })
    for (const name of ['nothing.json', '..%2Fpackage.json', '__proto__', 'constructor'])
      expect((await test.call('GET', `/schemas/${name}`)).status, name).toBe(404)
  })
})

describe('every response', () => {
  it('has an id: the one from the request, if it can be logged', async () => {
    const idFor = async (id?: string) =>
      (
        await test.call('GET', '/nothing', { headers: id === undefined ? {} : { 'x-request-id': id } })
      ).headers.get('x-request-id')
    expect(await idFor('abc-123_X')).toBe('abc-123_X')
    for (const unfit of [undefined, 'a b', '', 'x'.repeat(65), '<script>'])
      expect(await idFor(unfit)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('has security headers', async () => {
    for (const path of ['/healthz', '/nothing', '/v1/inbox', '/client.js']) {
      const { headers } = await test.call('GET', path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })
})

describe('cross-origin requests', () => {
  const asking = (hub: TestHub, path: string, origin: string) =>
    hub.call('OPTIONS', path, {
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,content-type',
      },
    })

  it('are allowed on user routes only', async () => {
    const { status, headers } = await asking(test, '/v1/inbox/x', 'https://app.example')
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(60)
    const refused = await test.call('GET', '/v1/inbox', { headers: { origin: 'https://app.example' } })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*'])
    for (const path of ['/v1/devices', '/v1/devices/x', '/v1/push/key'])
      expect(
        (await asking(test, path, 'https://app.example')).headers.get('access-control-allow-methods'),
      ).toContain('PUT')
    for (const path of ['/v1/notifications', '/v1/users/ann', '/v1/users/ann/devices', '/metrics'])
      expect(
        (await asking(test, path, 'https://app.example')).headers.get('access-control-allow-origin'),
      ).toBeNull()
  })

  it('are limited to the configured origins', async () => {
    const strict = await openHub({ origins: ['https://app.example'] })
    const allowed = async (origin: string) =>
      (await asking(strict, '/v1/inbox', origin)).headers.get('access-control-allow-origin')
    expect(await allowed('https://app.example')).toBe('https://app.example')
    expect(await allowed('https://evil.example')).toBeNull()
    const health = await strict.call('GET', '/healthz', { headers: { origin: 'https://evil.example' } })
    expect(health.headers.get('access-control-allow-origin')).toBe('*')
    await strict.close()
  })
})

describe('browser files', () => {
  it.each(BROWSER_FILES)('%s is served to any page, and cached by ETag', async (name) => {
    const { status, text, headers } = await test.call('GET', `/${name}`, {
      headers: { origin: 'https://app.example' },
    })
    expect([status, text]).toEqual([200, `// ${name}\n`])
    expect(headers.get('content-type')).toContain('text/javascript')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    const again = await test.call('GET', `/${name}`, {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    })
    expect([again.status, again.text]).toEqual([304, ''])
  })

  it('have chunks, which never change', async () => {
    const { status, text, headers } = await test.call('GET', '/chunks/part-abc.js', {
      headers: { origin: 'https://app.example' },
    })
    expect([status, text]).toEqual([200, '// part\n'])
    expect(headers.get('content-type')).toContain('text/javascript')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('cache-control')).toContain('immutable')
    for (const name of ['part-def.js', '..%2Fbell.js', '__proto__', 'constructor'])
      expect((await test.call('GET', `/chunks/${name}`)).status, name).toBe(404)
  })

  it('are required when the hub starts', async () => {
    const missing = new URL('missing/', browserFiles)
    await expect(openHub({ browserFiles: missing })).rejects.toThrow('npm run bundle')
  })
})

describe('the demo', () => {
  it('is not served unless enabled', async () => {
    for (const path of ['/', '/demo/config.json', '/demo/demo.js'])
      expect((await test.call('GET', path)).status, path).toBe(404)
    expect((await test.call('POST', '/demo/token', { body: { user: 'ada' } })).status).toBe(404)
  })

  it('creates users of its tenant', async () => {
    const demo = await openHub({ demo: DEMO })
    const { newTenant } = await import('@carillon/core/security/new-tenant')
    await demo.ports.store.tenants.put(newTenant(DEMO.tenant))
    expect((await demo.call('GET', '/demo/config.json')).json).toEqual(DEMO)
    const { json } = await demo.call<{ token: string }>('POST', '/demo/token', { body: { user: 'ada' } })
    expect((await demo.call('GET', '/v1/inbox', { token: json.token })).status).toBe(200)
    expect(await demo.ports.store.users.get(DEMO.tenant, ['ada'])).toEqual([{ id: 'ada', profile: {} }])
    for (const body of [{ user: 'ada\u0000' }, { user: 'ada', admin: true }, {}])
      expect((await demo.call('POST', '/demo/token', { body })).status).toBe(422)
    const form = { 'content-type': 'text/plain' }
    expect((await demo.call('POST', '/demo/token', { body: { user: 'ada' }, headers: form })).status).toBe(
      415,
    )
    await demo.close()
  })

  it('is served with a content security policy, and never from outside its folder', async () => {
    const demo = await openHub({ demo: DEMO })
    const page = await demo.call('GET', '/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'.*frame-ancestors 'none'/)
    for (const path of ['/demo/..%2Fhub.ts', '/demo/%2e%2e%2fhub.ts', '/demo/nothing.js', '/demo/__proto__'])
      expect((await demo.call('GET', path)).status, path).toBe(404)
    await demo.close()
  })
})
