import { EXPRESSION_MAX } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { ExpressionError, prepareExpression } from './expression.ts'

const variables = {
  data: { amount: 120, text: 'abc', list: [1, 2, 3], nested: { a: 1 }, nothing: null },
  user: { attributes: { plan: 'pro' } },
  tenant: {},
  context: { key: '__proto__' },
}
const evaluate = (text: string) => prepareExpression(text)(variables)

describe('an expression', () => {
  test.each([
    ["data.amount > 100 && user.attributes.plan == 'pro'", true],
    ['data.amount * 2 > 3', true],
    ['data.amount % 2 == 0', true],
    ['data.amount / 7 > 17.1', true],
    ['data.amount == 120 && data.amount == 120.0', true],
    ['2 in data.list', true],
    ['has(data.vip)', false],
    ['data.list.exists(x, x == 2)', true],
    ['data.list.filter(x, x > 1).map(x, x * 2) == [4, 6]', true],
    ['data.nothing == null', true],
    ["data.text.startsWith('a') ? true : false", true],
    ['data.missing > 3 || true', true],
    ["context.key == '__proto__'", true],
    ['has(context.name)', false],
  ])('%s', (text, expected) => expect(evaluate(text)).toBe(expected))

  test.each([
    'data.missing > 3',
    '!(data.missing > 3)',
    'data.text > 3',
    'data.amount',
    'data.constructor == data.constructor',
    'data.__proto__ == data.__proto__',
  ])('fails as a whole, and is not true, if a part fails or it is no boolean: %s', (text) =>
    expect(evaluate(text)).toEqual({ failure: expect.any(String) }),
  )

  test.each([
    ['data.vip', 'character 6: no such key: vip'],
    ["data.nested['b'] == 1", 'character 1: no such key: b'],
    ['data.text > 3', 'character 1: no such overload: dyn<string> > int'],
    ['!data.text', 'character 1: no such overload: !string'],
    ['data.list[9] == 1', 'character 1: index out of bounds'],
    ['data.list.all(x, x.a)', 'character 20: no such key: a'],
    ['data.amount', 'the value is a number, not true or false'],
    ['data.nothing', 'the value is null, not true or false'],
    // A computed key, and what a text holds, are values.
    ['data[data.text] == 1', 'character 1: no such key'],
    ["duration(data.text) > duration('1s')", 'character 1: invalid duration'],
    [`data.nested['${'x'.repeat(300)}']`, /^character 1: no such key: x{100,}…$/],
  ])('tells why it failed, without values of the data: %s', (text, failure) => {
    const found = evaluate(text)
    if (typeof found === 'boolean') throw new Error('it did not fail')
    expect(found.failure).toMatch(failure)
    expect(found.failure.length).toBeLessThanOrEqual(200)
    expect(found.failure).not.toContain('abc')
  })

  test('with a macro is an error over a list of more than 1,000 entries', () => {
    const long = { ...variables, data: { list: Array.from({ length: 1_001 }, (_, index) => index) } }
    expect(prepareExpression('data.list.all(x, x >= 0)')(long)).toEqual({
      failure: 'a list has more than 1000 entries',
    })
    expect(prepareExpression('size(data.list) == 1001')(long)).toBe(true)
  })
})

const refusal = (text: string, schema?: Record<string, unknown>) => {
  try {
    prepareExpression(text, schema)
  } catch (error) {
    if (error instanceof ExpressionError) return [error.message, error.position]
    throw error
  }
  return undefined
}

describe('is refused, with the position,', () => {
  test.each([
    ['an unknown name', 'data.a == 1 && foo == 1', ['Unknown variable: foo', 15]],
    ['broken syntax', 'data.amount >', ['Unexpected token: EOF', 13]],
    ['a regular expression', "data.text.matches('(a+)+$')", ['matches is not available', 0]],
    [
      'a macro in a macro',
      'data.list.all(x, data.list.exists(y, y == x))',
      ['exists is inside another macro', 17],
    ],
    ['a text', "'abc'", ['is a string, and must be true or false', 0]],
    ['10,000 brackets', `${'('.repeat(900)}true${')'.repeat(900)}`, ['Exceeded maxDepth (50)', 50]],
    ['a long text', ' '.repeat(EXPRESSION_MAX + 1), ['must have at most 2000 characters', 2_000]],
  ])('%s', (_, text, expected) => expect(refusal(text)).toEqual(expected))

  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      amount: { type: 'integer' },
      text: { type: 'string' },
      tags: { type: 'array', items: { type: 'string' } },
      order: { type: 'object', properties: { id: { type: 'string' } } },
      any: {},
    },
  }
  test.each([
    ['data.missing == 3', ['No such key: missing', 5]],
    ['data.text > 3', ['no such overload: string > int', 0]],
  ])('what the schema of data rules out: %s', (text, expected) =>
    expect(refusal(text, schema)).toEqual(expected),
  )

  test.each(['data.amount % 2 == 1', "'a' in data.tags", 'data.order.other == 1', 'data.any.x > 1'])(
    'but not what the schema allows: %s',
    (text) => expect(refusal(text, schema)).toBeUndefined(),
  )
})
