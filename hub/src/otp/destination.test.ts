import { expect, it } from 'vitest'
import { destinationRefusal, rangeOf } from './destination.ts'

it.each([
  ['+351911111111', {}],
  ['+4915112345678', {}],
  // In no known country, such as a new range.
  ['+15551100000', {}],
  ['+351911111111', { countries: ['ES', 'PT'] }],
  ['+15551100000', { countries: ['US'] }],
  ['+88216123456', { prefixes: ['+882'] }],
  ['+88216123456', { countries: ['PT'], prefixes: ['+88216'] }],
  ['+449098790000', { prefixes: ['+44909'] }],
])('allows %s with %j', (phone, settings) => {
  expect(destinationRefusal(phone, settings)).toBeUndefined()
})

it.each([
  ['+88216123456', {}, /\+882 belongs to satellite/],
  ['+883140123456', {}, /\+883 belongs/],
  ['+881612345678', {}, /\+881 belongs/],
  ['+870773123456', {}, /\+870 belongs/],
  ['+979123456789', {}, /\+979 belongs/],
  ['+80812345678', {}, /\+808 belongs/],
  ['+999123456789', {}, /no country/],
  ['+21099999999', {}, /no country/],
  ['+449098790000', {}, /premium-rate/],
  ['+19005551234', {}, /premium-rate/],
  ['+491805123456', {}, /shared-cost/],
  ['+34600000000', { countries: ['PT'] }, /ES is not among/],
  // The Caribbean shares the calling code of the United States.
  ['+18095551234', { countries: ['US'] }, /DO is not among/],
  ['+447700900123', { countries: ['PT'] }, /\+44 is not among/],
  ['+88216123456', { prefixes: ['+883'] }, /\+882 belongs/],
  ['+351911111111', { countries: ['ES'], prefixes: ['+882'] }, /PT is not among/],
])('rejects %s with %j', (phone, settings, words) => {
  expect(destinationRefusal(phone, settings)).toMatch(words)
})

it('treats numbers that differ in the last four digits as one range', () => {
  expect(rangeOf('+351911111111')).toBe(rangeOf('+351911119999'))
  expect(rangeOf('+351911111111')).not.toBe(rangeOf('+351911121111'))
})
