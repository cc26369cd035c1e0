import type { NotificationType } from '@carillon/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnavailableError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import { createSettingsCache, SETTINGS_TTL_MS } from './settings-cache.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('serves known values and misses while the store is unavailable, and rejects for unknown values', async () => {
  const type: NotificationType = { key: 'known', version: 1 }
  let away = false
  const get = async (_tenant: string, key: string) => {
    if (away) throw new UnavailableError('store', new Error('away'))
    return key === 'known' ? type : undefined
  }
  const cache = createSettingsCache({ types: { get } } as unknown as Store)
  expect(await cache.type('t', 'known')).toEqual(type)
  expect(await cache.type('t', 'none')).toBeUndefined()
  away = true
  await expect(cache.type('t', 'never seen')).rejects.toThrow(UnavailableError)
  vi.advanceTimersByTime(SETTINGS_TTL_MS + 1)
  expect(await cache.type('t', 'known')).toEqual(type)
  expect(await cache.type('t', 'none')).toBeUndefined()
  away = false
  expect(await cache.type('t', 'never seen')).toBeUndefined()
})
