import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, createClient } from '../index.ts'
import { startHub, type TestHub } from '../testing/hub.ts'
import { newItem } from '../testing/items.ts'
import { FAST, until } from '../testing/until.ts'
import type { Connect } from './connection.ts'

let hub: TestHub
const clients: Client[] = []
/** A proxy that blocks WebSockets: the handshake fails until `passes`. */
const behindProxy = (real: Connect) => {
  const proxy = { passes: false, attempts: 0 }
  const connect: Connect = (url, options) => {
    const socket = real(url, options)
    const open = socket.connect.bind(socket)
    socket.connect = () => {
      proxy.attempts++
      if (proxy.passes) return open()
      const failing = socket.listeners('connect_error') as ((error: Error) => void)[]
      setTimeout(() => {
        for (const tell of failing) tell(new Error('websocket error'))
      }, 1)
      return socket
    }
    return socket
  }
  return { proxy, connect }
}
let users = 0
const TIMING = { ...FAST, fallback: 20, retryMax: 200 }
const open = async (more: Partial<ClientOptions> = {}) => {
  const { io } = await import('socket.io-client')
  const { proxy, connect } = behindProxy(io as unknown as Connect)
  const user = `behind-${users++}`
  const client = createClient({
    ...{ url: hub.url, token: hub.token(user), connect },
    timing: TIMING,
    ...more,
  })
  clients.push(client)
  return { proxy, user, client }
}
const state = (client: Client, wanted: string) => expect.poll(() => client.connection).toBe(wanted)

beforeAll(async () => {
  hub = await startHub()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  hub.polls.length = hub.received.length = 0
  Object.assign(hub, { knowsPolls: true, cutsPolls: () => false, dropsConnections: () => false })
})
afterAll(() => hub.close())

describe('without a WebSocket', () => {
  it('long polls bring items, which are acknowledged; a WebSocket takes over when it connects', async () => {
    const { proxy, user, client } = await open()
    const titles: (string | undefined)[] = []
    const changed: object[] = []
    client.on('notification', ({ title }) => titles.push(title))
    client.on('preferences', (each) => changed.push(each))
    const feed = client.feed()
    await until(feed, ({ status }) => status === 'ready')
    await state(client, 'live')
    const item = hub.add(user, newItem({ title: 'by a poll' }))
    await until(feed, ({ items }) => items.length === 1)
    expect(titles).toEqual(['by a poll'])
    await expect.poll(() => hub.received).toEqual([[item.id]])
    hub.changePreferences(user)
    await expect.poll(() => changed.length).toBeGreaterThan(1)
    proxy.passes = true
    await expect.poll(() => hub.io.sockets.sockets.size).toBe(1)
    hub.add(user, newItem({ title: 'by the socket' }))
    await until(feed, ({ items }) => items.length === 2)
    await expect
      .poll(async () => {
        const polls = hub.polls.length
        const count = feed.getSnapshot().items.length
        hub.add(user, newItem())
        await until(feed, ({ items }) => items.length > count)
        return hub.polls.length - polls
      })
      .toBe(0)
  })

  it('short polls are used if a proxy cuts long ones', async () => {
    hub.cutsPolls = (query) => query.get('wait') !== '0'
    const { user, client } = await open({ timing: { ...TIMING, cut: 20 } })
    // A poll that fails early was not cut by a proxy.
    hub.cutDelay = 40
    const feed = client.feed()
    await until(feed, ({ status }) => status === 'ready')
    await state(client, 'polling')
    expect(hub.polls.map((query) => query.get('wait'))).toEqual(['25', '25', '10', '10', '0'])
    hub.add(user, newItem())
    await until(feed, ({ items }) => items.length === 1)
    hub.cutDelay = 5
  })

  it('the inbox is fetched periodically if the hub does not support polls', async () => {
    hub.knowsPolls = false
    const { user, client } = await open()
    const feed = client.feed()
    feed.subscribe(() => {})
    await state(client, 'polling')
    hub.put(user, newItem())
    await until(feed, ({ items }) => items.length === 1)
  })

  it('is offline while polls are blocked, too, and recovers', async () => {
    const { user, client } = await open()
    const feed = client.feed()
    feed.subscribe(() => {})
    await state(client, 'live')
    hub.cutsPolls = () => true
    hub.dropsConnections = () => true
    hub.add(user, newItem())
    await state(client, 'offline')
    hub.cutsPolls = () => false
    hub.dropsConnections = () => false
    await state(client, 'live')
    await until(feed, ({ items }) => items.length === 1)
  })

  it('a refused token is reported, and ends the polls if it is fixed', async () => {
    const { client } = await open({ token: 'no token of this hub' })
    const codes: string[] = []
    client.on('error', ({ code }) => codes.push(code))
    client.counts.subscribe(() => {})
    await state(client, 'stopped')
    expect(codes).toContain('token_expired')
    const polls = hub.polls.length
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(hub.polls.length).toBe(polls)
  })
})
