import { describe, expect, it } from 'vitest'
import { ProblemError } from './errors.ts'
import { JSON_MAX_DEPTH, parseJson } from './json.ts'

const read = (text: string | Uint8Array) => parseJson(typeof text === 'string' ? Buffer.from(text) : text)

const problemOf = (text: string | Uint8Array) => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('it was taken')
}

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

describe('parseJson', () => {
  it('reads what is JSON', () => {
    expect(read('{"a":[1,"é",null,{"b":true}]}')).toEqual({ a: [1, 'é', null, { b: true }] })
    expect(read('3')).toBe(3)
    expect(read('null')).toBeNull()
  })

  it('refuses what is not JSON in UTF-8', () => {
    for (const bad of ['', '{', '{"a":1,}', 'NaN', "{'a':1}", new Uint8Array([0x22, 0xff, 0x22])])
      expect(problemOf(bad).code).toBe('malformed_json')
  })

  it('bounds the depth, however deep the document', () => {
    expect(read(nested(JSON_MAX_DEPTH))).toBeDefined()
    expect(problemOf(nested(JSON_MAX_DEPTH + 1)).code).toBe('invalid_request')
    expect(problemOf(nested(100_000)).code).toBe('invalid_request')
  })

  it('refuses a key that would become a prototype, and says where it is', () => {
    const refused = problemOf('{"data":[{"a":{"__proto__":{"admin":true}}}]}')
    expect(refused).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/data/0/a/__proto__' }] })
  })
})
