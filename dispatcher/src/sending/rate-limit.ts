import type { Grant, Limit, Limits, PermitRequest } from '@carillon/core/limits/port'
import type { Channel, Rate } from '@carillon/schemas'
import type { OpenAccount } from './accounts.ts'

/**
 * The installation's own rate limits: for all of it, each tenant, each sender and each user of a tenant, and each
 * tenant's channel.
 */
export type Rates = Partial<Record<'global' | 'tenant' | 'sender' | 'user' | Channel, Rate>>

/** Returns every rate limit that applies to a message to one user through one account. Pure. */
export const limitsOf = (
  rates: Rates,
  { tenant, sender, user, channel }: { tenant: string; sender?: string; user: string; channel: Channel },
  { account }: Pick<OpenAccount, 'account'>,
): Limit[] => {
  const under = (rate: Rate | undefined, key: string): Limit[] => (rate ? [{ key, ...rate }] : [])
  return [
    ...under(rates.global, 'global'),
    ...under(rates.tenant, `${tenant}\ntenant`),
    ...(sender === undefined ? [] : under(rates.sender, `${tenant}\nsender\n${sender}`)),
    ...under(rates.user, `${tenant}\nuser\n${user}`),
    ...under(rates[channel], `${tenant}\nchannel\n${channel}`),
    ...under(account.rate, `${tenant}\naccount\n${account.id}`),
  ]
}

/** Acquires from the rate limits, with one call for all requests of one turn of the event loop. */
export const createRateLimit = (limits: Limits) => {
  let waiting: {
    request: PermitRequest
    resolve: (grant: Grant) => void
    reject: (error: unknown) => void
  }[] = []

  const ask = async () => {
    const asked = waiting
    waiting = []
    try {
      const grants = await limits.acquire(asked.map(({ request }) => request))
      for (const [index, { resolve }] of asked.entries()) resolve(grants[index]!)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  return (request: PermitRequest): Promise<Grant> => {
    if (request.limits.length === 0) return Promise.resolve({ go: 0 })
    return new Promise((resolve, reject) => {
      if (waiting.push({ request, resolve, reject }) === 1) setImmediate(ask)
    })
  }
}

export type RateLimit = ReturnType<typeof createRateLimit>
