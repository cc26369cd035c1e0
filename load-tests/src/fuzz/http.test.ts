import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { RouteEntry } from '@carillon/hub/http/routes'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { BODIES, PARAMS } from './examples.ts'
import { validValues } from './schema-values.ts'
import { fuzzed, MARKER } from './settings.ts'
import { hostile, hostileText, mutated, toJson } from './values.ts'
import { type FuzzWorld, MODES, type Mode, openWorld } from './world.ts'

const USER = 'fuzzed-user'
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

type Answer = { status: number; headers: IncomingHttpHeaders; body: string }
type Call = { method: string; path: string; headers: Record<string, string>; body: Uint8Array | undefined }

/** Sends a request over a real connection. Resolves after the head if the response is a stream. */
const send = (port: number, { method, path, headers, body }: Call) =>
  new Promise<Answer>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const options = { agent, port, host: '127.0.0.1', method, path, headers: { ...headers, ...length } }
    const sent = request(options, (response) => {
      const { statusCode: status = 0, headers } = response
      const chunks: Buffer[] = []
      const done = () => resolve({ status, headers, body: Buffer.concat(chunks).toString() })
      if (/event-stream/.test(headers['content-type'] ?? '')) {
        response.destroy()
        return done()
      }
      response
        .on('data', (chunk) => chunks.push(chunk))
        .on('end', done)
        .on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })

const wellFormed = (text: string) => Buffer.from(text).toString()

/** Percent-encodes text as UTF-8. Invalid escapes are kept. */
const inPath = (text: string) =>
  /^(%|\.\.)/.test(text)
    ? text.replaceAll(/[^\x21-\x7e]/g, '')
    : encodeURIComponent(wellFormed(text)).replaceAll('.', '%2E')

const paths = (route: RouteEntry, params: fc.Arbitrary<Record<string, string>>) =>
  params.map((given) => route.path.replaceAll(/\{(\w+)\}/g, (_, name) => inPath(given[name] ?? '')))

/** Text values for the keys of a flat schema, mostly valid. */
const texts = (schema: z.ZodObject | undefined): fc.Arbitrary<Record<string, string>> =>
  fc.record(
    Object.fromEntries(
      Object.entries(schema?.shape ?? {}).map(([key, each]) => [
        key,
        fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...(PARAMS[key] ?? [''])) },
          { weight: 3, arbitrary: validValues(each as z.ZodType).map((value) => String(value ?? '')) },
          { weight: 1, arbitrary: hostileText },
        ),
      ]),
    ),
    { noNullPrototype: true },
  )

/** The usual value in nine of ten cases. */
const rarely = <T>(odd: fc.Arbitrary<T>, usual: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd })

const queries = (route: RouteEntry) =>
  fc
    .tuple(
      fc.subarray(Object.keys(route.query?.shape ?? {})),
      texts(route.query),
      rarely(fc.dictionary(hostileText, hostileText, { maxKeys: 1 }), {}),
      rarely(fc.constant(true), false),
    )
    .map(([names, values, unknown, twice]) => {
      const query = new URLSearchParams()
      const known = Object.fromEntries(names.map((name) => [name, values[name] ?? '']))
      for (const [key, value] of Object.entries({ ...known, ...unknown }))
        query.append(key, wellFormed(value))
      if (twice) for (const [key, value] of [...query]) query.append(key, value)
      return query.size === 0 ? '' : `?${query}`
    })

/** Bodies: almost valid JSON, any JSON, and bytes. */
const bodies = (route: RouteEntry): fc.Arbitrary<Uint8Array | undefined> => {
  if (!route.body && !route.rawBody) return fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined })
  const json = (values: fc.Arbitrary<unknown>) => values.map((value) => Buffer.from(toJson(value)))
  const known = BODIES[`${route.method} ${route.path}`]
  const generated = route.body ? validValues(route.body) : fc.jsonValue()
  const valid = known
    ? fc.oneof({ weight: 1, arbitrary: generated }, { weight: 2, arbitrary: fc.constantFrom(...known) })
    : generated
  return fc.oneof(
    { weight: 5, arbitrary: json(valid) },
    { weight: 6, arbitrary: json(mutated(valid)) },
    { weight: 2, arbitrary: json(hostile) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: json(valid).map((bytes) => bytes.subarray(0, bytes.length - 1)) },
  )
}

/** Characters that HTTP allows in a header value. */
const headerText = hostileText.map((text) =>
  Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e\x80-\xff]/g, ''),
)

const headers = (good: string): fc.Arbitrary<Record<string, string>> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 30, arbitrary: fc.constant(`Bearer ${good}`) },
        { weight: 1, arbitrary: headerText },
        { weight: 1, arbitrary: headerText.map((text) => `Bearer ${text}`) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(`Bearer ck_a.b.c`, `Bearer a.b.c`, `Basic ${good}`, 'Bearer'),
        },
      ),
      fc.oneof(
        { weight: 30, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: headerText },
        {
          weight: 1,
          arbitrary: fc.constantFrom('text/plain', 'multipart/form-data'),
        },
        {
          weight: 4,
          arbitrary: fc.constantFrom('application/cloudevents+json', 'application/cloudevents-batch+json'),
        },
      ),
      fc.record(
        {
          'idempotency-key': rarely(headerText, 'a key'),
          'x-request-id': headerText,
          origin: headerText,
          'x-forwarded-for': headerText,
          'ce-id': rarely(headerText, 'e1'),
          'ce-source': rarely(headerText, '/shop'),
          'ce-type': rarely(headerText, 'order.shipped'),
          'ce-specversion': rarely(fc.constant('x'), '1.0'),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
      rarely<Record<string, string>>(fc.constant({ 'content-encoding': 'gzip' }), {}),
      rarely<Record<string, string>>(
        headerText.map((text) => ({ 'if-match': text })),
        {},
      ),
    )
    .map(([authorization, type, more, encoding, condition]) => ({
      authorization,
      'content-type': type,
      ...more,
      ...encoding,
      ...condition,
    }))

const check = ({ status, headers, body }: Answer, call: Call) => {
  const said = `${call.method} ${call.path.slice(0, 200)} → ${status} ${body.slice(0, 500)}`
  expect(status, said).toBeLessThan(500)
  if (status < 400) return
  // Node rejects invalid HTTP and heads of more than 16 KiB before the hub sees them.
  if (headers['content-type'] === undefined) {
    expect([400, 431], said).toContain(status)
    return
  }
  // HTML pages.
  if (/^text\/html/.test(headers['content-type'])) return
  expect(headers['content-type'], said).toMatch(/^application\/problem\+json/)
  expect(JSON.parse(body), said).toMatchObject({
    status,
    code: expect.any(String),
    detail: expect.any(String),
  })
  if (!call.path.includes(MARKER)) expect(body, said).not.toContain(MARKER)
}

/** Fewer runs on a cluster, whose requests are slower. */
const RUNS: Record<Mode, number> = { embedded: 30, cluster: 20 }

describe.each(MODES)('every route of a hub (%s)', (mode) => {
  let world: FuzzWorld
  beforeAll(async () => {
    world = await openWorld(mode)
  }, 120_000)
  afterAll(() => world.close())

  it('never responds with a 5xx to generated requests', { timeout: 300_000 }, async () => {
    const user = await world.tenant.userToken(USER)
    const { id } = await world.tenant.item(USER, { actions: [{ name: 'ok', label: 'OK' }] })
    const link = await send(world.port, {
      ...{ method: 'GET', path: '/v1/preferences/page', body: undefined },
      headers: { authorization: `Bearer ${user}` },
    })
    const tokens = { user, page: String(JSON.parse(link.body).url).split('#')[1] ?? '' }
    const tokenFor = ({ kind }: RouteEntry['access']) =>
      kind === 'user' || kind === 'page' ? tokens[kind] : world.tenant.key
    const fruitful = new Set<RouteEntry>()
    for (const route of world.hub.routes) {
      const params = texts(route.params).map((given) => ({
        ...given,
        ...(route.access.kind === 'user' && 'id' in given && given.id?.length !== 0 ? { id } : {}),
      }))
      const calls: fc.Arbitrary<Call> = fc.record({
        method: fc.constant(route.method.toUpperCase()),
        path: fc
          .tuple(
            fc.oneof(
              { weight: 1, arbitrary: paths(route, texts(route.params)) },
              { weight: 1, arbitrary: paths(route, params) },
            ),
            queries(route),
          )
          .map(([path, query]) => `${path}${query}`),
        headers: headers(tokenFor(route.access)),
        body: route.method === 'get' ? fc.constant(undefined) : bodies(route),
      })
      await fc.assert(
        fc.asyncProperty(calls, async (call) => {
          const answer = await send(world.port, call)
          if (answer.status < 300) fruitful.add(route)
          check(answer, call)
        }),
        fuzzed(RUNS[mode]),
      )
    }
    // Most values must pass validation.
    expect(fruitful.size / world.hub.routes.length).toBeGreaterThan(0.6)
    await world.works()
    await world.isClean()
  })
})
