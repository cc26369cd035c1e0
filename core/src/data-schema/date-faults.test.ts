import type { NotificationTypeInput } from '@carillon/schemas'
import { expect, test } from 'vitest'
import { dateFaults } from './date-faults.ts'

const schema: NotificationTypeInput['schema'] = {
  type: 'object',
  properties: {
    startsAt: { type: 'string', format: 'date-time' },
    day: { format: 'date' },
    title: { type: 'string' },
    order: { $ref: '#/$defs/order' },
  },
  allOf: [{ properties: { endsAt: { anyOf: [{ type: 'null' }, { type: 'string', format: 'date-time' }] } } }],
  $defs: { order: { properties: { dueAt: { type: 'string', format: 'date-time' } } } },
}
const step = (from: string) => ({ channel: 'email', when: 'always', after: { from } }) as const

test.each(['data.startsAt', 'data.day', 'data.order.dueAt', 'data.endsAt'])('%s is a date', (from) => {
  expect(dateFaults({ plan: [step(from)], schema })).toEqual([])
})

test.each([
  'data.title',
  'data.none',
  'data.order',
  'data.order.dueAt.x',
  'data.constructor',
  'data.__proto__',
])('%s is no date of the schema', (from) => {
  expect(dateFaults({ plan: [{ channel: 'sms', when: 'always', after: 0 }, step(from)], schema })).toEqual([
    {
      path: ['plan', 1, 'after', 'from'],
      message: 'the schema has no property with format date-time or date there',
    },
  ])
})

test('the end of a throttle is checked too', () => {
  const throttle = (until: string) => ({ limit: 1, until })
  expect(dateFaults({ throttle: throttle('data.day'), schema })).toEqual([])
  expect(dateFaults({ throttle: { limit: 1, window: 60 }, schema })).toEqual([])
  expect(dateFaults({ throttle: throttle('data.title'), schema }).map(({ path }) => path)).toEqual([
    ['throttle', 'until'],
  ])
})

test('plans of variants are checked too, and nothing without a schema', () => {
  const variants = [{ key: 'a', weight: 1, plan: [step('data.title')] }]
  expect(dateFaults({ variants, schema }).map(({ path }) => path)).toEqual([
    ['variants', 0, 'plan', 0, 'after', 'from'],
  ])
  expect(dateFaults({ variants })).toEqual([])
})
