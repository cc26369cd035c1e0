import type { EffectivePreferences } from '@carillon/schemas'
import { describe, expect, it } from 'vitest'
import { createText } from '../text/text.ts'
import {
  type Channel,
  hasDigests,
  hasFrequencies,
  isLocked,
  isOffEverywhere,
  mutedOf,
  type PreferencesText,
  patchOf,
  type Row,
  rowsOf,
  summaryOf,
} from './choices.ts'
import { PREFERENCES_ENGLISH } from './english.ts'

const text = createText('en', {}, PREFERENCES_ENGLISH) as PreferencesText
const USED: Channel[] = ['inbox', 'email', 'sms']
const choice = (value: unknown, rest = {}) => ({ value, by: 'system', locked: false, ...rest })
const channels = (rest = {}) =>
  ({ inbox: choice(true), email: choice('daily'), sms: choice(false), ...rest }) as Row['channels']
const grid = (rest: Partial<EffectivePreferences> = {}): EffectivePreferences => ({
  ...{ muted: false, digest: { hour: 9, day: 'mon' }, by: { digest: 'system' }, timezone: 'UTC' },
  ...{ channels: USED, topics: [], types: [], categories: [], ...rest },
})
const OFF = (path: string) => choice(false, { by: 'user', path })

describe('a row', () => {
  it('has a summary of the channels that are on, and their frequencies', () => {
    const row: Row = { section: 'categories', key: 'orders', channels: channels() }
    expect(summaryOf(row, USED, text, 'en')).toBe('Inbox · E-mail daily')
    const off = { ...row, channels: channels({ inbox: choice(false), email: choice(false) }) }
    expect(summaryOf(off, USED, text, 'en')).toBe('Off')
  })

  it('is locked if all of its channels are', () => {
    const row: Row = {
      section: 'categories',
      key: 'orders',
      channels: channels({ sms: choice(true, { locked: true }) }),
    }
    expect(isLocked(row, USED)).toBe(false)
    expect(isLocked(row, ['sms'])).toBe(true)
  })

  it('has frequencies on channels with long messages, and on channels that already have one', () => {
    expect([
      hasFrequencies('email', true),
      hasFrequencies('sms', true),
      hasFrequencies('sms', 'weekly'),
    ]).toEqual([true, false, true])
    expect(hasFrequencies('inbox', 'daily')).toBe(false)
  })

  it('has a patch even if its key is `__proto__`', () => {
    const row: Row = { section: 'types', key: '__proto__', channels: channels() }
    expect(JSON.stringify(patchOf(row, 'email', false))).toBe('{"types":{"__proto__":{"email":false}}}')
  })
})

it('the digest time matters only if a category or a type has a daily or weekly digest', () => {
  const row = (value: unknown) => ({
    ...{ key: 'orders', types: [], channels: channels({ email: choice(value) }) },
  })
  const withType = (value: unknown) => ({ ...row(true), types: [{ ...row(value), key: 'order.paid' }] })
  const values = [true, false, 'immediate', 'hourly', 'daily', 'weekly']
  for (const make of [row, withType])
    expect(values.map((value) => hasDigests(grid({ categories: [make(value)] })))).toEqual([
      ...[false, false, false, false, true, true],
    ])
  expect(hasDigests(grid({ types: [row('weekly')] }))).toBe(true)
  // SMS is not in use here.
  const unused = { ...row(true), channels: channels({ email: choice(true), sms: choice('daily') }) }
  expect(hasDigests(grid({ channels: ['inbox', 'email'], types: [unused] }))).toBe(false)
})

it('types without a category follow the categories', () => {
  const type = { key: 'alarm', channels: channels() }
  const rows = rowsOf(grid({ categories: [{ ...type, key: 'orders', types: [] }], types: [type] }))
  expect(rows.map(({ section, key }) => [section, key])).toEqual([
    ['categories', 'orders'],
    ['types', 'alarm'],
  ])
})

it('channels, types and topics that the user turned off outside the categories are listed', () => {
  const row = { key: 'orders', channels: channels({ sms: OFF('channels.sms') }) }
  expect(isOffEverywhere({ ...row, section: 'categories' }, 'sms')).toBe(true)
  const types = [
    {
      key: 'order.shipped',
      name: 'Order shipped',
      channels: channels({ email: OFF('types.order.shipped.email') }),
    },
    { key: 'order.paid', channels: channels({ email: OFF('categories.orders.email') }) },
  ]
  expect(mutedOf(grid({ categories: [{ ...row, types }], topics: ['post-7'] }), text)).toEqual([
    { name: 'Text message', patch: { channels: { sms: null } } },
    { name: 'Order shipped', patch: { types: { 'order.shipped': null } } },
    { name: 'post-7', patch: { topics: { 'post-7': null } } },
  ])
})
