import { randomUUID } from 'node:crypto'
import { type Http, HttpFailure } from '@carillon/core/http/port'
import { createSeal } from '@carillon/core/security/seal'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { openHub } from '@carillon/hub/testing/hub'
import { expect, vi } from 'vitest'
import { hasCluster, openCluster } from './cluster.ts'
import { PATIENT } from './settings.ts'

/** Prevents network access. */
const unreachable = async () => {
  throw new HttpFailure('unreachable', 'no connection', false)
}

/** The mode: embedded in memory, or a cluster. */
export type Mode = 'embedded' | 'cluster'

/** The modes that are available on this machine. */
export const MODES: Mode[] = hasCluster ? ['embedded', 'cluster'] : ['embedded']

/**
 * Starts a hub and a dispatcher with all providers, on embedded parts in memory or on NATS, Redis and Cassandra. Messages are
 * captured instead of sent.
 */
export const openWorld = async (mode: Mode = 'embedded', request: Http['request'] = unreachable) => {
  const captured: unknown[] = []
  const seal = createSeal(randomUUID())
  const cluster = mode === 'cluster' ? await openCluster(seal) : undefined
  const test = await openHub({}, ({ http }) => ({
    providers: PROVIDERS,
    http: { ...http, request },
    ...(cluster && { ...cluster.parts, seal }),
  }))
  const { ports, hub } = test
  const errors = vi.spyOn(ports.log, 'error')
  const dispatcher = await startDispatcher(
    { ...ports, capture: (message) => captured.push(message) },
    { unknownTypes: 'accept', insecureLinks: 'refuse', retentionMs: 86_400_000 },
  )
  const { port } = await hub.listen(0, '127.0.0.1')
  const tenant = await test.tenant()
  const faults = async () =>
    (await ports.metrics.faults.get()).values.reduce((sum, { value }) => sum + value, 0)
  const retried = async () =>
    (await ports.metrics.retried.get()).values.reduce((sum, { value }) => sum + value, 0)
  const connections = async () => (await ports.metrics.connections.get()).values[0]?.value ?? 0

  return {
    ...test,
    port,
    tenant,
    url: `http://127.0.0.1:${port}`,
    errors,
    connections,
    /** Checks that a valid notification is accepted, stored and listed. */
    works: async () => {
      const user = `u-${randomUUID()}`
      const { status, text } = await test.call('POST', '/v1/notifications', {
        token: tenant.key,
        body: { to: user, type: 'good', title: 'Hello' },
      })
      expect(status, text).toBe(202)
      await vi.waitFor(async () => {
        const { items } = await ports.store.inbox.page(
          { tenant: tenant.id, user },
          { status: 'active', limit: 1 },
        )
        expect(items[0]?.title).toBe('Hello')
      }, PATIENT)
    },
    /** Checks that nothing is pending, no internal fault occurred, and nothing was redelivered in vain. */
    isClean: async () => {
      await vi.waitFor(
        async () =>
          expect([...(await ports.stream.backlog()).values()].every((waiting) => waiting === 0)).toBe(true),
        PATIENT,
      )
      expect(errors.mock.calls).toEqual([])
      expect(await faults()).toBe(0)
      expect(await retried()).toBe(0)
    },
    close: async () => {
      await dispatcher.stop()
      await test.close()
      await cluster?.parts.store.close()
      await cluster?.close()
    },
  }
}

export type FuzzWorld = Awaited<ReturnType<typeof openWorld>>
