import { describe, expect, test } from 'vitest'
import type { Step } from '../delivery/step.ts'
import { conclude } from './after-failure.ts'
import { firstDue, firstIndex, firstNeedsPresence } from './first-step.ts'
import { type Reachable, reach } from './reach.ts'

const NOW = 1_000_000
const plan = [
  { channel: 'email', when: 'always', after: 0 },
  { channel: 'sms', when: 'failed', after: 0 },
] as const
const step = (more: Partial<Step> = {}) =>
  ({ plan, index: 0, priority: 'normal', ...more }) as unknown as Step
const to = (...candidates: Reachable[]) => ({ candidates })

describe('reach', () => {
  const reached = (destinations: { candidates: Reachable[] }[], { critical = false, accounts = 1 } = {}) => {
    const found = reach(step(), { accounts, destinations }, { critical, now: NOW })
    if (found.destinations) return found.destinations
    const { outcome, by, reason, stage } = found.decision
    return `${stage} ${outcome} ${by} ${'reason' in found.decision ? reason : ''}`
  }

  test('without an account or an address, skips the step', () => {
    expect(reached([], { accounts: 0 })).toBe('send skip tenant no_provider')
    expect(reached([])).toBe('send skip user no_address')
  })

  test('omits suppressed and disabled destinations', () => {
    const open = to({})
    expect(reached([open])).toEqual([open])
    expect(
      reached([to({ suppressed: 'bounce' }), to({ disabled: true }), to({ suppressed: 'stop' }, {})]),
    ).toEqual([open])
  })

  test.each([
    ['bounce', 'system'],
    ['complaint', 'user'],
    ['stop', 'user'],
    ['unsubscribe', 'user'],
    ['manual', 'tenant'],
  ] as const)('with all destinations suppressed (%s), skips the step by %s', (suppressed, by) => {
    expect(reached([to({ suppressed })])).toBe(`send skip ${by} suppressed`)
  })

  test('only an unsubscription does not stop messages of a critical type', () => {
    expect(reached([to({ suppressed: 'unsubscribe' })], { critical: true })).toHaveLength(1)
    expect(reached([to({ suppressed: 'bounce' })], { critical: true })).toContain('suppressed')
  })

  test('with all destinations disabled, skips the step', () => {
    expect(reached([to({ disabled: true }), to({ suppressed: 'stop' })])).toBe(
      'send skip system endpoint_disabled',
    )
  })
})

describe('the end of a step', () => {
  test('waits for the other destinations, then makes the next step due or ends the plan', () => {
    expect(conclude(step(), ['failed', 'queued'])).toEqual({ follows: 'open' })
    expect(conclude(step(), ['sent'])).toEqual({ follows: 'open' })
    expect(conclude(step(), ['failed', 'skipped'])).toMatchObject({
      follows: 'next',
      step: { index: 1, failed: true },
    })
    expect(conclude(step({ index: 1 }), [])).toEqual({ follows: 'over' })
  })
})

describe('the first step', () => {
  const offline = [{ channel: 'push', when: 'offline', after: 3 }] as const

  test('is the first without `when: failed`', () => {
    expect(firstIndex([plan[1], plan[0]])).toBe(1)
    expect(firstIndex([plan[1]])).toBe(0)
  })

  test('is due after its delay, and not before a connected user can have acknowledged the item', () => {
    const due = (presence: 'here' | 'left' | 'away', hasItem = true) =>
      firstDue([...offline], { at: NOW, hasItem, presence })
    expect([due('here'), due('left'), due('away')]).toEqual([NOW + 10_000, NOW + 10_000, NOW + 3_000])
    expect(due('here', false)).toBe(NOW + 3_000)
    expect(firstDue([...plan], { at: NOW, hasItem: true, presence: 'here' })).toBe(NOW)
    expect(firstNeedsPresence([...plan], true)).toBe(false)
    expect(firstNeedsPresence([...offline], false)).toBe(false)
  })
})
