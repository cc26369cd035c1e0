import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { natsServerPath, startNatsServer } from '../../nats/testing/server.ts'
import { connectNats } from '../../stream/jetstream.ts'
import { invalidationsContract } from './contract/invalidations.ts'
import { natsInvalidations } from './nats.ts'
import type { Changes } from './port.ts'

const path = natsServerPath()

const openServer = async () => {
  const server = await startNatsServer(path ?? '')
  const endings: (() => Promise<void>)[] = []
  const connected = async () => {
    const connection = await connectNats(server.url, 'test')
    endings.push(() => connection.close())
    return connection
  }
  const open = async (namespace = 'one', onError = (_: unknown) => {}) => {
    const invalidations = await natsInvalidations({ connection: await connected(), namespace, onError })
    const heard: Changes[] = []
    invalidations.subscribe((changes) => heard.push(changes))
    return { ...invalidations, heard }
  }
  const end = async () => {
    for (const each of endings) await each()
    await server.end()
  }
  return { server, connected, open, end }
}

if (path) {
  invalidationsContract('over NATS', async () => {
    const { open, end } = await openServer()
    return { one: await open(), other: await open(), end }
  })

  describe('invalidations over NATS', () => {
    const change = { kind: 'tenant', tenant: 'acme' } as const
    const opened = async () => {
      const made = await openServer()
      onTestFinished(made.end)
      return made
    }

    test('are visible within the installation only', async () => {
      const { open } = await opened()
      const [one, two, other] = await Promise.all([open('one'), open('one'), open('other')])
      await one.publish([change])
      await other.publish('all')
      await vi.waitFor(() => expect(two.heard).toEqual([[change]]), 15_000)
      expect(other.heard).toEqual(['all'])
    })

    test('an unreadable message invalidates everything', async () => {
      const { open, connected } = await opened()
      const one = await open()
      const foreign = await connected()
      for (const text of ['', '{"from":"x","changes":[{"kind":"none"}]}', '[1', '{"length":{"toString":1}}'])
        foreign.publish('invalidate.one', text)
      await vi.waitFor(() => expect(one.heard).toEqual(['all', 'all', 'all', 'all']), 15_000)
    })

    test('after an outage, every process receives `all`, including for changes during it', async () => {
      const { server, open } = await opened()
      const errors: unknown[] = []
      const [one, two] = [await open('one', (error) => errors.push(error)), await open()]
      await server.kill()
      await vi.waitFor(async () => {
        await one.publish([change])
        expect(errors.length).toBeGreaterThan(0)
      }, 15_000)
      expect(one.heard).toContainEqual([change])
      await server.start()
      await vi.waitFor(() => expect(one.heard.at(-1)).toBe('all'), { timeout: 10_000 })
      await vi.waitFor(() => expect(two.heard).toContain('all'), { timeout: 10_000 })
      await one.publish([{ kind: 'tenant', tenant: 'after' }])
      await vi.waitFor(() => expect(two.heard.at(-1)).toEqual([{ kind: 'tenant', tenant: 'after' }]), 15_000)
    })
  })
} else describe.skip('invalidations over NATS: no nats-server in PATH', () => {})
