import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@carillon/core/store/port'
import { createLog } from '@carillon/core/telemetry/log'
import type {} from '@carillon/core/testing/provided'
import { afterEach, describe, expect, inject, test, vi } from 'vitest'
import { readConfig } from '../config/config.ts'
import { createClosers } from '../process/closers.ts'
import { openAdapters } from './adapters.ts'

const DAY_MS = 86_400_000

const closers = createClosers()
afterEach(async () => {
  vi.useRealTimers()
  await closers.close(5_000)
})

/** Opens and migrates the store of a process with these settings. */
const storeOf = async (settings: Record<string, string>): Promise<Store> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-parts-'))
  closers.add('directory', () => rm(dir, { recursive: true, force: true }))
  const config = readConfig({ CARILLON_DATA_DIR: dir, ...settings })
  const log = createLog({ level: 'silent', role: 'test' })
  const store = await openAdapters({ config, secret: randomUUID(), closers, log }).openStore()
  await store.migrate()
  return store
}

const cassandra = inject('cassandra')?.replace(/\/([a-z0-9_]+)(?=\?|$)/, '/$1_parts')
const modes: [string, Record<string, string> | undefined][] = [
  ['embedded', {}],
  ['Cassandra', cassandra === undefined ? undefined : { CARILLON_CASSANDRA_URL: cassandra }],
]

describe.each(modes)('CARILLON_RETENTION_DAYS (%s)', (mode, settings) => {
  test.skipIf(settings === undefined)(
    'limits the lifetime of notification records and deliveries',
    async () => {
      const { notifications, deliveries } = await storeOf({ ...settings, CARILLON_RETENTION_DAYS: '2' })
      const tenant = `t_${randomUUID()}`
      const now = Date.now()
      const put = (id: string, acceptedAt: number) => {
        const kind = { type: 'test', priority: 'normal', chains: 0, direct: 1, fingerprint: 'print' } as const
        return notifications.put([{ tenant, id, acceptedAt, ...kind }])
      }
      await put('new', now - DAY_MS)
      await put('old', now - 2 * DAY_MS)
      const step = { notification: 'new', user: 'ada', step: 0, channel: 'email', device: '' } as const
      await deliveries.record(tenant, [{ ...step, toAudience: false, state: 'sent', at: now }])
      const delivered = () => deliveries.sum(tenant, { id: 'new', toAudience: false })
      expect(await notifications.get(tenant, 'new')).toBeDefined()
      expect(await delivered()).toEqual({ email: { sent: 1 } })
      // Cassandra uses its own clock, which counts whole seconds.
      await vi.waitUntil(async () => (await notifications.get(tenant, 'old')) === undefined, 10_000)
      if (mode !== 'embedded') return
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * DAY_MS })
      expect(await delivered()).toEqual({})
    },
  )
})
