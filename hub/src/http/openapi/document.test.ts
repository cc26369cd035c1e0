import { parse } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { openHub, type TestHub } from '../../testing/hub.ts'
import { TAGS } from './tags.ts'
import { COMPONENTS, OPERATIONS } from './testing/names.ts'

type Schema = Record<string, unknown> & { properties?: Record<string, Schema> }
type Media = { schema: Schema; example?: unknown }
type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Schema }
type Operation = {
  operationId: string
  summary: string
  description: string
  tags: string[]
  parameters: Parameter[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

let test: TestHub
let document: Document
let operations: { where: string; operation: Operation }[]
beforeAll(async () => {
  test = await openHub({ capturesMessages: true })
  document = (await test.call<Document>('GET', '/openapi.json')).json
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      where: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  )
})
afterAll(() => test.close())

/** Returns every schema within a schema, including itself, with its path. */
const within = (schema: unknown, at: string): { at: string; schema: Schema }[] => {
  if (typeof schema !== 'object' || schema === null) return []
  const inner = Object.entries(schema)
    .filter(([key]) => !['example', 'examples', 'default', 'not', 'const'].includes(key))
    .flatMap(([key, value]) => within(value, `${at}/${key}`))
  return [{ at, schema: schema as Schema }, ...inner]
}

describe('names', () => {
  it('operation names never change, because clients are generated from them: add, never rename', () => {
    const named = operations.map(({ where, operation }) => [operation.operationId, where])
    expect(Object.fromEntries(named)).toEqual(OPERATIONS)
    expect(named.length).toBe(Object.keys(OPERATIONS).length)
  })

  it('component names never change', () => {
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(COMPONENTS))
  })

  it('exist for every object and every union', () => {
    const places = [
      ...Object.entries(document.components.schemas).flatMap(([name, schema]) =>
        within(schema, name).slice(1),
      ),
      ...operations.flatMap(({ where, operation }) => within(operation, where)),
    ]
    const nameless = places.filter(
      ({ at, schema }) =>
        !/\/(examples|headers|properties)$/.test(at) &&
        !/x-www-form-urlencoded/.test(at) &&
        ((schema.type === 'object' && schema.properties !== undefined) ||
          (Array.isArray(schema.enum) && schema.enum.length > 1)),
    )
    expect(nameless.map(({ at }) => at)).toEqual([])
  })
})

describe('texts', () => {
  it('summarize every operation in the imperative, and describe it in sentences', () => {
    for (const { where, operation } of operations) {
      expect(operation.summary, where).toMatch(/^[A-Z][a-z]+ .{3,60}[^.]$/)
      expect(operation.description, where).toMatch(/^[A-Z].{20,}\.$/s)
      expect(Object.keys(TAGS), where).toEqual(expect.arrayContaining(operation.tags))
    }
  })

  it('describe every component, parameter and property', () => {
    const silent: string[] = []
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      if (!schema.description) silent.push(name)
      for (const [key, property] of Object.entries(schema.properties ?? {}))
        if (!property.description && !property.$ref && !/^#\//.test(String((property.items as Schema)?.$ref)))
          silent.push(`${name}.${key}`)
    }
    for (const { where, operation } of operations)
      for (const { name, description, schema } of operation.parameters)
        if (!description && !schema.$ref) silent.push(`${where} ${name}`)
    expect(silent).toEqual([])
  })
})

describe('examples', () => {
  const fits = (schema: z.ZodType, value: unknown) => {
    const parsed = parse(schema, value)
    return parsed.success ? [] : parsed.issues
  }

  it('exist for every operation: its body, its response or its parameters', () => {
    for (const { where, operation } of operations) {
      const good = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
      const media = [
        ...Object.values(operation.requestBody?.content ?? {}),
        ...good.flatMap(([, { content }]) => Object.values(content ?? {})),
      ]
      const shown =
        media.some(({ example }) => example !== undefined) ||
        operation.parameters.some(({ schema }) => schema.examples !== undefined) ||
        media.some(({ schema }) => schema.type === 'string')
      expect(shown, where).toBe(true)
    }
  })

  it('match what the hub accepts and returns', () => {
    for (const route of test.hub.routes) {
      const schemas = [route.body, ...Object.values(route.answers).map(({ schema }) => schema)]
      for (const schema of schemas)
        for (const example of (schema?.meta()?.examples ?? []) as unknown[])
          expect(fits(schema!, example), `${route.operationId} ${JSON.stringify(example)}`).toEqual([])
    }
  })

  it('body examples can be sent unchanged', async () => {
    const tenant = await test.tenant()
    const { store } = test.ports
    await store.types.put(tenant.id, { key: 'comment.created' })
    for (const route of test.hub.routes) {
      const example = (route.body?.meta()?.examples as unknown[] | undefined)?.[0]
      // This hub has test providers, and no example can have the token of a registered browser.
      const special = ['putProviderAccount', 'renewPushSubscription'].includes(route.operationId)
      if (example === undefined || route.internal || special) continue
      const token = route.access.kind === 'user' ? await tenant.userToken('ada') : tenant.key
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const shape = route.params?.shape as Record<string, z.ZodType>
        return encodeURIComponent(String((shape[name]?.meta()?.examples as unknown[])?.[0] ?? 'email'))
      })
      const answer = await test.call(route.method.toUpperCase(), path, { token, body: example })
      expect([route.operationId, answer.status, answer.json.code]).toEqual([
        route.operationId,
        answer.status === 404 ? 404 : expect.toSatisfy((status: number) => status < 300),
        answer.status === 404 ? 'not_found' : undefined,
      ])
    }
  })
})

describe('shapes', () => {
  it('allow arbitrary JSON without recursion', () => {
    const text = JSON.stringify(document)
    expect(text).not.toContain('__schema')
    const { Notification } = document.components.schemas
    expect(Notification?.properties?.data).toMatchObject({ type: 'object', additionalProperties: {} })
  })

  it('request schemas do not require properties with a default', () => {
    const wrong = operations.flatMap(({ where, operation }) =>
      Object.values(operation.requestBody?.content ?? {}).flatMap(({ schema }) =>
        reached(schema).flatMap(([name, { required, properties = {} }]) =>
          ((required as string[] | undefined) ?? [])
            .filter((key) => properties[key]?.default !== undefined)
            .map((key) => `${where} ${name}.${key}`),
        ),
      ),
    )
    expect(wrong).toEqual([])
  })

  it('page schemas have a cursor, which their operations accept', () => {
    const pages = operations.filter(({ operation }) => {
      const schema = operation.responses['200']?.content?.['application/json']?.schema
      return reached(schema)[0]?.[1].properties?.next !== undefined
    })
    expect(pages.length).toBeGreaterThan(5)
    for (const { where, operation } of pages) {
      const query = operation.parameters
        .filter((parameter) => parameter.in === 'query')
        .map(({ name }) => name)
      expect(query, where).toEqual(
        expect.arrayContaining(['limit', expect.stringMatching(/^(before|after)$/)]),
      )
    }
  })

  /** Returns the components that a schema refers to, directly and indirectly. */
  const reached = (schema: Schema | undefined, known = new Set<string>()): [string, Schema][] =>
    [...JSON.stringify(schema ?? {}).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].flatMap(
      ([, name = '']) => {
        const component = document.components.schemas[name]
        if (known.has(name) || !component) return []
        known.add(name)
        return [[name, component] as [string, Schema], ...reached(component, known)]
      },
    )
})

describe('a method that is not allowed', () => {
  it('is documented at paths that look like an item', async () => {
    const { userToken } = await test.tenant()
    const token = await userToken('ada')
    for (const path of [
      '/v1/inbox/seen',
      '/v1/inbox/read-all',
      '/v1/inbox/seen-all',
      '/v1/inbox/archive-all',
    ]) {
      const answer = await test.call('PATCH', path, { token, body: { read: true } })
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, 'POST'])
    }
  })
})
