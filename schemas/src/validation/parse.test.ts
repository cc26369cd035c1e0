import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { InboxReceived } from '../inbox/live-messages.ts'
import { Notification } from '../notification/notification.ts'
import { parse } from './parse.ts'

const HOSTILE = { length: { toString: 1 } }

const pointers = (schema: z.ZodType, value: unknown) => {
  const parsed = parse(schema, value)
  return parsed.success ? undefined : parsed.issues.map(({ path }) => path.join('/'))
}

describe('parse', () => {
  it('returns the output of the schema', () => {
    expect(parse(Notification, { to: 'ada', type: 'x', actor: 'grace' })).toMatchObject({
      success: true,
      data: { actor: { user: 'grace' } },
    })
  })

  it('rejects a hostile length of a text', () => {
    expect(pointers(Notification, { to: 'ada', type: 'x', title: HOSTILE })).toEqual(['title'])
  })

  it.each(['tags', 'actions', 'exclude'])('rejects a hostile length at %s with its path', (key) => {
    expect(() => Notification.safeParse({ to: 'ada', type: 'x', [key]: HOSTILE })).toThrow(TypeError)
    expect(pointers(Notification, { to: 'ada', type: 'x', [key]: HOSTILE })).toEqual([key])
  })

  it('rejects a hostile length in a frame', () => {
    expect(pointers(InboxReceived, { ids: HOSTILE })).toEqual(['ids'])
  })

  it('rejects a hostile size', () => {
    const schema = z.object({ set: z.set(z.string()).min(1) })
    expect(pointers(schema, { set: { size: { toString: 1 } } })).toEqual(['set'])
  })

  it('accepts a hostile length where any JSON is allowed', () => {
    expect(parse(Notification, { to: 'ada', type: 'x', data: { a: HOSTILE } })).toMatchObject({
      success: true,
      data: { data: { a: HOSTILE } },
    })
  })

  it('returns one issue at the root if the validator throws for another reason', () => {
    const throwing = z.string().refine(() => {
      throw new Error('a rule failed')
    })
    expect(parse(throwing, 'x')).toEqual({
      success: false,
      issues: [{ path: [], message: 'cannot be validated' }],
    })
  })

  it('survives nesting deeper than the stack', () => {
    let deep: unknown = HOSTILE
    for (let level = 0; level < 100_000; level++) deep = [deep]
    expect(parse(z.json(), deep).success).toBe(false)
    expect(parse(z.object({ a: z.string().max(1) }), { a: HOSTILE, deep }).success).toBe(false)
  })
})

/** Directories with code that reads untrusted input. */
const SOURCES = ['schemas/src', 'core/src', 'hub/src', 'dispatcher/src', 'cli/src', 'client-sdk/src']
/** Calls of `.parse(` on something other than a schema. */
const OTHER = /\b(JSON|Date|ipaddr|PostalMime|program|untyped|engine|liquid|this)\.parse(Async)?\(/g

it('is the only function that calls a schema, because a direct call may throw', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const direct = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .filter((file) => !/(^|[/\\])(testing|contract)[/\\]/.test(file))
      .map((file) => join(folder, file))
      .filter((file) => file !== 'schemas/src/validation/parse.ts')
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .map((line, index) => ({ line: line.replaceAll(OTHER, ''), at: `${file}:${index + 1}` }))
          .filter(({ line }) => /\.(safeParse|parse)(Async)?\(/.test(line))
          .map(({ at, line }) => `${at} ${line.trim()}`),
      ),
  )
  expect(direct).toEqual([])
})
