import { createClient } from '@carillon/client'
import type {} from '@carillon/core/testing/provided'
import type { NotificationInput } from '@carillon/schemas'
import { jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { clusterEnvironment } from '../consistency/cluster.ts'
import type { Environment } from '../consistency/environment.ts'
import { type AddedTenant, addTenant } from '../consistency/tenants.ts'
import { needing } from '../rig/needs.ts'

const USERS = ['ada', 'grace', 'linus']
const { title, skip } = needing('two tenants of a cluster', 'nats', 'redis', 'java', 'cassandra')

/** Records every event on a user's sockets at all hubs. */
const recordFrames = async (environment: Environment, tenant: AddedTenant, user: string) => {
  const frames: string[] = []
  const sockets = environment.hubs.map(async (url) => {
    const auth = { token: await tenant.token(user) }
    const socket = io(url, { transports: ['websocket'], auth, forceNew: true })
    onTestFinished(() => void socket.disconnect())
    socket.onAny((...frame) => frames.push(JSON.stringify(frame)))
    await vi.waitUntil(() => socket.connected, 20_000)
  })
  await Promise.all(sockets)
  return frames
}

describe.skipIf(skip)(title, () => {
  let environment: Environment
  let nats: NatsConnection
  let acme: AddedTenant
  let zeta: AddedTenant
  beforeAll(async () => {
    environment = await clusterEnvironment(inject('cassandra'))
    nats = await connect({ servers: environment.natsUrl ?? '' })
    const [first, second] = await environment.inspect(({ store }) =>
      Promise.all([1, 2].map(() => addTenant(store, ['news']))),
    )
    if (!first || !second) throw new Error('the tenants were not created')
    acme = first
    zeta = second
    await environment.inspect(async ({ store }) => {
      for (const { id } of [acme, zeta]) {
        await store.users.merge(
          id,
          USERS.map((user) => ({ id: user, profile: {} })),
        )
        await store.topics.add(id, 'team', id === acme.id ? USERS.slice(0, 2) : USERS.slice(1))
      }
    })
  })
  afterAll(async () => {
    await nats?.close()
    await environment?.close()
  })

  const publish = ({ id }: AddedTenant, note: Omit<NotificationInput, 'type'>) =>
    jetstream(nats).publish(`notify.${id}.high.news`, JSON.stringify(note))
  const processed = () =>
    vi.waitUntil(
      async () => (await environment.backlog()) === 0 && (await environment.backlog()) === 0,
      20_000,
    )
  const titlesOf = ({ id }: AddedTenant, user: string) =>
    environment.inspect(async ({ store }) => {
      const { items } = await store.inbox.page({ tenant: id, user }, { status: 'active', limit: 100 })
      return items.map((item) => item.title).sort()
    })

  test('two tenants share user, topic and notification ids, but no frame, row or response', async () => {
    const frames = new Map<string, string[]>()
    for (const tenant of [acme, zeta])
      for (const user of USERS)
        frames.set(`${tenant.id} ${user}`, await recordFrames(environment, tenant, user))

    for (const tenant of [acme, zeta]) {
      const send = (to: NotificationInput['to'], id: string) =>
        publish(tenant, { id, to, title: `${id} of ${tenant.id}` })
      await Promise.all([
        send('ada', 'one'),
        send({ topic: 'team' }, 'two'),
        send({ everyone: true }, 'three'),
      ])
    }
    await processed()
    const expected = (tenant: AddedTenant, user: string) => {
      const inTeam = tenant === acme ? user !== 'linus' : user !== 'ada'
      const ids = [...(user === 'ada' ? ['one'] : []), 'three', ...(inTeam ? ['two'] : [])]
      return ids.map((id) => `${id} of ${tenant.id}`)
    }
    for (const tenant of [acme, zeta])
      for (const user of USERS) {
        const due = expected(tenant, user)
        expect(await titlesOf(tenant, user)).toEqual(due)
        const heard = frames.get(`${tenant.id} ${user}`) ?? []
        // One frame on a socket at each of the two hubs.
        await vi.waitUntil(() => heard.length >= 2 * due.length, 20_000)
        expect(heard).toHaveLength(2 * due.length)
        for (const frame of heard) expect(due.some((title) => frame.includes(title))).toBe(true)
      }

    // A change of an item is not visible to the other tenant, and its id is not accepted there.
    const theirs = createClient({ url: environment.hubs[0] ?? '', token: await acme.token('ada') })
    onTestFinished(() => theirs.close())
    const feed = theirs.feed()
    feed.subscribe(() => {})
    await vi.waitUntil(() => feed.getSnapshot().items.length === 3, 20_000)
    await feed.readAll()
    const [item] = feed.getSnapshot().items
    const patch = async (path: string, tenant: AddedTenant) => {
      const { status, body } = await request(
        environment,
        `/v1/inbox/${path}`,
        await tenant.token('ada'),
        'PATCH',
        {
          archived: true,
        },
      )
      return { status, code: body.code }
    }
    const absent = await patch('01890000-0000-7000-8000-000000000000', zeta)
    expect(absent).toEqual({ status: 404, code: 'not_found' })
    expect(await patch(item?.id ?? '', zeta)).toEqual(absent)
    expect(await titlesOf(acme, 'ada')).toHaveLength(3)
    const { counts } = await environment.inspect(({ store }) =>
      store.inbox.counts({ tenant: zeta.id, user: 'ada' }),
    )
    expect(counts).toEqual({ unread: 2, unseen: 2 })
    for (const user of USERS)
      for (const frame of frames.get(`${zeta.id} ${user}`) ?? []) expect(frame).not.toContain(acme.id)
  })

  test('a tenant cannot use the credentials and cursors of another', async () => {
    const token = await acme.token('ada')
    const [, claims = ''] = token.split('.')
    const forged = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), iss: zeta.id }
    const parts = token.split('.')
    const swapped = [parts[0], Buffer.from(JSON.stringify(forged)).toString('base64url'), parts[2]].join('.')
    const unsigned = [Buffer.from('{"alg":"none"}').toString('base64url'), parts[1], ''].join('.')
    for (const bad of [swapped, unsigned, zeta.apiKey]) {
      expect(await request(environment, '/v1/inbox', bad)).toMatchObject({
        status: 401,
        body: { code: 'unauthenticated' },
      })
      const socket = io(environment.hubs[0] ?? '', {
        transports: ['websocket'],
        auth: { token: bad },
        forceNew: true,
      })
      onTestFinished(() => void socket.disconnect())
      const error = await new Promise<Error>((resolve) => socket.once('connect_error', resolve))
      expect(error.message).toBe('unauthenticated')
    }
    for (let sent = 0; sent < 3; sent++) await publish(acme, { id: `page-${sent}`, to: 'grace', title: 'x' })
    await processed()
    const page = await request(environment, '/v1/inbox?limit=1', await acme.token('grace'))
    const cursor = encodeURIComponent(String(page.body.next))
    for (const other of [await zeta.token('grace'), await acme.token('ada')])
      expect(await request(environment, `/v1/inbox?limit=1&before=${cursor}`, other)).toMatchObject({
        status: 400,
        body: { code: 'cursor_invalid' },
      })
  })

  test('a tenant sees only its own notifications', async () => {
    await publish(acme, { id: 'status', to: 'ada', title: 'x' })
    await processed()
    expect(await request(environment, '/v1/notifications/status', acme.apiKey)).toMatchObject({ status: 200 })
    expect(await request(environment, '/v1/notifications/status', zeta.apiKey)).toMatchObject({ status: 404 })
    expect(await request(environment, '/v1/notifications/status', zeta.apiKey, 'DELETE')).toMatchObject({
      status: 404,
    })
    await jetstream(nats).publish(`notify.${zeta.id}.high.news`, 'not JSON')
    await processed()
    const letters = (tenant: AddedTenant) =>
      environment.inspect(({ stream }) => stream.deadLetters({ tenant: tenant.id, limit: 10 }))
    expect(await letters(zeta)).toHaveLength(1)
    expect(await letters(acme)).toEqual([])
  })
})

const request = async (
  environment: Environment,
  path: string,
  token: string,
  method = 'GET',
  payload?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(`${environment.hubs[0]}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(payload !== undefined && { 'content-type': 'application/json' }),
    },
    ...(payload !== undefined && { body: JSON.stringify(payload) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
