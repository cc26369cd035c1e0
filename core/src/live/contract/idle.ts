import type { InboxAdded } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { LiveMessage, Viewers } from '../port.ts'
import { added, type Client } from './ends.ts'
import type { LiveWorld } from './live.ts'

const numbers = (messages: readonly InboxAdded[]) => messages.map(({ item, seq }) => [item.title, seq])

/** The contract of idle connections and of watches, which are the connections of long polls. */
export const idleContract = ({
  world,
  join,
  newTenant,
}: {
  world: () => LiveWorld
  join: (
    hub: 0 | 1,
    tenant: string,
    user: string,
    contexts?: readonly string[],
    active?: boolean,
  ) => Promise<Client>
  newTenant: () => string
}) => {
  const presence = async (tenant: string, ...contexts: Viewers['context'][]) =>
    world().live.presence(contexts.map((context) => ({ tenant, user: 'ada', context })))

  describe('idle connections', () => {
    test('get every message, and do not count as presence', async () => {
      const tenant = newTenant()
      const idle = await join(0, tenant, 'ada', undefined, false)
      expect(await presence(tenant, undefined)).toEqual(['away'])
      const send = (title: string) => world().live.deliver([added(tenant, 'ada', title)])
      expect(await send('1')).toEqual([{ whole: true, other: false, active: false }])
      const active = await join(1, tenant, 'ada')
      expect(await presence(tenant, undefined)).toEqual(['here'])
      expect(await send('2')).toEqual([{ whole: true, other: false, active: true }])
      expect(numbers(await idle.until(2))).toEqual([
        ['1', 1],
        ['2', 2],
      ])
      expect(numbers(await active.until(1))).toEqual([['2', 2]])
    })

    test('of a context do not count as presence there; active ones of the whole inbox do', async () => {
      const tenant = newTenant()
      const idle = await join(1, tenant, 'ada', ['a', '__proto__'], false)
      expect(await presence(tenant, 'a', '__proto__', 'b')).toEqual(['away', 'away', 'away'])
      const to = { tenant, user: 'ada' }
      const told = await world().live.deliver([
        added(tenant, 'ada', 'a', 'a'),
        { ...to, to: 'limited', event: 'inbox.resync', payload: undefined },
      ])
      expect(told).toMatchObject([
        { whole: false, other: true, active: false },
        { whole: false, other: true },
      ])
      expect(numbers(await idle.until(1))).toEqual([['a', 1]])
      await join(0, tenant, 'ada')
      expect(await presence(tenant, 'a')).toEqual(['here'])
      expect(await world().live.deliver([added(tenant, 'ada', 'b', 'a')])).toMatchObject([{ active: true }])
    })
  })

  describe('a watch', () => {
    const begin = async (hub: 0 | 1, tenant: string, active: boolean, contexts?: readonly string[]) => {
      let calls = 0
      const watch = await world().watching[hub].watch({ tenant, user: 'ada', contexts, active }, () => {
        calls++
      })
      return { ...watch, calls: () => calls }
    }

    test('counts as a connection until it ends, and is called once for each message', async () => {
      const tenant = newTenant()
      const [one, two] = [await begin(0, tenant, true), await begin(1, tenant, false)]
      const [same, bob] = [await begin(0, tenant, true), await join(0, tenant, 'bob')]
      expect(await presence(tenant, undefined)).toEqual(['here'])
      const before = await one.position()
      expect(await two.position()).toBe(before)
      await world().live.deliver([added(tenant, 'bob', 'for bob')])
      await bob.until(1)
      expect([one.calls(), await one.position()]).toEqual([0, before])
      expect(await world().live.deliver([added(tenant, 'ada', '1')])).toMatchObject([
        { whole: true, active: true },
      ])
      await expect.poll(() => [one, two, same].map(({ calls }) => calls())).toEqual([1, 1, 1])
      const after = await one.position()
      expect(after).not.toBe(before)
      expect(await two.position()).toBe(after)
      one.end()
      one.end()
      same.end()
      await expect.poll(() => presence(tenant, undefined)).toEqual(['away'])
      expect(await world().live.deliver([added(tenant, 'ada', '2')])).toMatchObject([
        { whole: true, active: false },
      ])
      await expect.poll(() => two.calls()).toBe(2)
      expect(one.calls()).toBe(1)
      two.end()
      await expect
        .poll(() => world().live.deliver([added(tenant, 'ada', '3')]))
        .toMatchObject([{ whole: false }])
    })

    test('shares its rooms with sockets, and either may end first', async () => {
      const tenant = newTenant()
      const watch = await begin(0, tenant, true)
      const socket = await join(0, tenant, 'ada')
      await world().live.deliver([added(tenant, 'ada', '1')])
      await socket.until(1)
      socket.socket.disconnect()
      await world().live.deliver([added(tenant, 'ada', '2')])
      await expect.poll(() => watch.calls()).toBe(2)
      const again = await join(0, tenant, 'ada')
      watch.end()
      await world().live.deliver([added(tenant, 'ada', '3')])
      expect((await again.until(1)).map(({ item }) => item.title)).toEqual(['3'])
    })

    test.each([[['a', '']], [['__proto__']]])(
      'of contexts %j is called for their messages',
      async (contexts) => {
        const tenant = newTenant()
        const watch = await begin(1, tenant, true, contexts)
        const positions = new Set([await watch.position()])
        const to = { tenant, user: 'ada' }
        const messages: LiveMessage[] = [
          added(tenant, 'ada', 'seen', contexts[0]),
          { ...to, to: 'limited', event: 'inbox.resync', payload: undefined },
          { ...to, to: 'all', event: 'preferences.changed', payload: { via: 'app' } },
        ]
        for (const message of messages) {
          await world().live.deliver([message])
          positions.add(await watch.position())
        }
        expect(positions.size).toBe(4)
        await world().live.deliver([added(tenant, 'ada', 'hidden', 'other')])
        positions.add(await watch.position())
        expect(positions.size).toBe(4)
        await expect.poll(() => watch.calls()).toBe(3)
        watch.end()
      },
    )
  })
}
