import type { Log } from '@carillon/core/telemetry/log'
import { LRUCache } from 'lru-cache'

/** Maximum types that are remembered as logged. */
const TYPES_MAX = 1_000

/** Returns a function that logs a type that its tenant has not defined, once. */
export const logUnknownTypes = (log: Log) => {
  const logged = new LRUCache<string, true>({ max: TYPES_MAX })
  return (tenant: string, type: string): void => {
    const key = `${tenant}\n${type}`
    if (logged.has(key)) return
    logged.set(key, true)
    log.warn(
      { tenant, type },
      'the type of a notification is not defined, so defaults apply: check the spelling, or define it with PUT /v1/types/{key}',
    )
  }
}
