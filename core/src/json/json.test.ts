import { describe, expect, it } from 'vitest'
import { ProblemError } from '../errors.ts'
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
  it('reads JSON', () => {
    expect(read('{"a":[1,"é",null,{"b":true}]}')).toEqual({ a: [1, 'é', null, { b: true }] })
    expect(read('3')).toBe(3)
    expect(read('null')).toBeNull()
  })

  it('rejects anything but JSON in UTF-8', () => {
    for (const bad of ['', '{', '{"a":1,}', 'NaN', "{'a':1}", new Uint8Array([0x22, 0xff, 0x22])])
      expect(problemOf(bad).code).toBe('malformed_json')
  })

  it('limits the depth of a document', () => {
    expect(read(nested(JSON_MAX_DEPTH))).toBeDefined()
    expect(problemOf(nested(JSON_MAX_DEPTH + 1)).code).toBe('invalid_request')
    expect(problemOf(nested(100_000)).code).toBe('invalid_request')
  })

  it('rejects a number that a double cannot represent, with a pointer', () => {
    expect(problemOf('{"data":{"a":[1,1e999]},"b":12345678901234567890}')).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/data/a/1' }, { pointer: '/b' }],
    })
    expect(read('{"a":[1e2,0.1,-0,9007199254740991]}')).toEqual({ a: [100, 0.1, -0, 9007199254740991] })
  })

  it('limits the number of faults', () => {
    const bad = `[${Array(200_000).fill('1e999').join(',')}]`
    expect(problemOf(bad).errors?.length).toBeLessThanOrEqual(10)
    expect(problemOf(`{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1e999`)}}`).errors).toHaveLength(1)
  })

  it('rejects the key __proto__, with a pointer', () => {
    const refused = problemOf('{"data":[{"a":{"__proto__":{"admin":true}}}]}')
    expect(refused).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/data/0/a/__proto__' }] })
  })
})
