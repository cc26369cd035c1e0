import type { Grant, Limits, PermitRequest } from '@carillon/core/limits/port'
import { expect, test } from 'vitest'
import type { OpenAccount } from './accounts.ts'
import { createRateLimit, limitsOf } from './rate-limit.ts'

const account = {
  account: {
    id: 'main',
    provider: 'smtp',
    channels: [],
    order: 1,
    config: {},
    rate: { perSecond: 7, burst: 1 },
  },
} satisfies Pick<OpenAccount, 'account'>
const rate = (perSecond: number) => ({ perSecond, burst: 1 })
const message = { tenant: 'acme', sender: 'billing', user: 'ada', channel: 'email' } as const

test('every configured limit applies to a message, each with its own key', () => {
  const rates = {
    global: rate(1),
    tenant: rate(2),
    sender: rate(3),
    user: rate(4),
    email: rate(5),
    sms: rate(6),
  }
  const limits = limitsOf(rates, message, account)
  expect(limits.map(({ perSecond }) => perSecond)).toEqual([1, 2, 3, 4, 5, 7])
  expect(new Set(limits.map(({ key }) => key)).size).toBe(6)
  expect(limitsOf({ tenant: rate(2) }, { ...message, tenant: 'globex' }, account)[0]?.key).not.toBe(
    limits[1]?.key,
  )
  const { sender: _, ...anonymous } = message
  expect(limitsOf({ sender: rate(3) }, anonymous, account)).toHaveLength(1)
})

const request = (key: string): PermitRequest => ({ limits: [{ key, ...rate(1) }], priority: 'normal' })

test('requests of one turn share one call, and each gets its own result', async () => {
  const calls: number[] = []
  const acquire: Limits['acquire'] = async (asked) => {
    calls.push(asked.length)
    return asked.map(({ limits }): Grant => ({ wait: Number(limits[0]?.key) }))
  }
  const ask = createRateLimit({ acquire, allow: async () => 0 })
  expect(await Promise.all(['1', '2', '3'].map((key) => ask(request(key))))).toEqual([
    ...[{ wait: 1 }, { wait: 2 }, { wait: 3 }],
  ])
  expect(await ask(request('4'))).toEqual({ wait: 4 })
  expect(await ask({ limits: [], priority: 'low' })).toEqual({ go: 0 })
  expect(calls).toEqual([3, 1])
})

test('a failed call rejects the requests of its turn, and no later ones', async () => {
  let broken = true
  const ask = createRateLimit({
    acquire: async (asked) => {
      if (broken) throw new Error('no answer')
      return asked.map(() => ({ go: 1 }))
    },
    allow: async () => 0,
  })
  const answers = await Promise.allSettled([ask(request('1')), ask(request('2'))])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  broken = false
  expect(await ask(request('3'))).toEqual({ go: 1 })
})
