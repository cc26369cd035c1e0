import { randomUUID } from 'node:crypto'
import { type Http, HttpFailure } from '@carillon/core/delivery/provider'
import { createSeal } from '@carillon/core/security/seal'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { openHub } from '@carillon/hub/testing/hub'
import { expect, vi } from 'vitest'
import { hasCluster, openCluster } from './cluster.ts'
import { PATIENT } from './settings.ts'

/** No test reaches the network. */
const unreachable = async () => {
  throw new HttpFailure('unreachable', 'no connection', false)
}

/** Where a world keeps and passes on what it is told. */
export type Mode = 'embedded' | 'cluster'

/** The modes that can run here. */
export const MODES: Mode[] = hasCluster ? ['embedded', 'cluster'] : ['embedded']

/**
 * A hub that listens and a dispatcher, with every provider there is: over the embedded parts in memory, or over NATS,
 * Redis and Cassandra. What would be sent is captured.
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
    /** A good notification is accepted, stored and found. */
    works: async () => {
      const user = `u-${randomUUID()}`
      const { status, text } = await test.call('POST', '/v1/notifications', {
        token: tenant.key,
        body: { to: user, type: 'good', title: 'Hello' },
      })
      expect(status, text).toBe(202)
      await vi.waitFor(async () => {
        const found = await ports.store.inbox.page(
          { tenant: tenant.id, user },
          { status: 'active', limit: 1 },
        )
        expect(found[0]?.title).toBe('Hello')
      }, PATIENT)
    },
    /** Nothing is left in hand, nothing failed for a fault of Carillon's, and nothing was tried again in vain. */
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
