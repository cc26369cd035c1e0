import { hash, randomUUID } from 'node:crypto'
import type {} from '@carillon/core/testing/provided'
import { jetstream } from '@nats-io/jetstream'
import { connect, headers } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { clusterEnvironment } from '../consistency/cluster.ts'
import { embeddedEnvironment } from '../consistency/embedded.ts'
import type { Environment } from '../consistency/environment.ts'
import { type AddedTenant, addTenant } from '../consistency/tenants.ts'
import { needing } from '../rig/needs.ts'

const WAIT = { timeout: 20_000, interval: 50 }

/** Returns a function that posts to the hubs in turn. */
const poster = (environment: Environment) => {
  let turn = 0
  return async ({ apiKey }: AddedTenant, note: Record<string, unknown>) => {
    const hub = environment.hubs[turn++ % environment.hubs.length]
    const response = await fetch(`${hub}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'order.shipped', ...note }),
    })
    return { status: response.status, answer: (await response.json()) as { code?: string; id?: string } }
  }
}

const titlesOf = async (
  environment: Environment,
  tenant: AddedTenant,
  user: string,
): Promise<(string | undefined)[]> => {
  const response = await fetch(`${environment.hubs[0]}/v1/inbox`, {
    headers: { authorization: `Bearer ${await tenant.token(user)}` },
  })
  const { items } = (await response.json()) as { items: { title?: string }[] }
  return items.map(({ title }) => title)
}

const lettersOf = async (environment: Environment, { apiKey }: AddedTenant) => {
  const response = await fetch(`${environment.hubs[0]}/v1/dead-letters`, {
    headers: { authorization: `Bearer ${apiKey}` },
  })
  return ((await response.json()) as { deadLetters: { code: string; detail: string }[] }).deadLetters
}

const cluster = needing('a cluster', 'nats', 'redis', 'java', 'cassandra')
const modes = [
  { title: 'one process', skip: false, open: embeddedEnvironment },
  { ...cluster, open: () => clusterEnvironment(inject('cassandra')) },
]

describe.each(modes)('$title', ({ skip, open }) => {
  describe.skipIf(skip)('a repeated id', () => {
    let environment: Environment
    let post: ReturnType<typeof poster>
    let tenant: AddedTenant
    let other: AddedTenant
    beforeAll(async () => {
      environment = await open()
      post = poster(environment)
      ;[tenant, other] = await environment.inspect(async ({ store }) => [
        await addTenant(store, ['order.shipped']),
        await addTenant(store, ['order.shipped']),
      ])
      await environment.start()
    })
    afterAll(() => environment?.close())

    test('is one notification with the same content, and rejected with different content, even concurrently', async () => {
      const id = `order-${randomUUID()}`
      const toAda = { id, to: 'ada', title: id }
      const answers = await Promise.all([
        post(tenant, toAda),
        post(tenant, toAda),
        post(tenant, { ...toAda, to: 'bob' }),
        post(tenant, { ...toAda, to: 'bob' }),
      ])
      const statuses = answers.map(({ status }) => status)
      expect([...statuses].sort()).toEqual([202, 202, 422, 422])
      const winner = statuses[0] === 202 ? 'ada' : 'bob'
      expect(statuses).toEqual(winner === 'ada' ? [202, 202, 422, 422] : [422, 422, 202, 202])
      await vi.waitFor(async () => expect(await titlesOf(environment, tenant, winner)).toEqual([id]), WAIT)
      expect(await titlesOf(environment, tenant, winner === 'ada' ? 'bob' : 'ada')).toEqual([])
      expect((await post(other, { ...toAda, to: 'bob' })).status).toBe(202)
    })

    test('is one notification as a CloudEvent, over HTTP and NATS', async () => {
      const id = randomUUID()
      const data = { to: 'eve', title: `event ${id}` }
      const event = { specversion: '1.0', id, source: '/shop', type: 'order.shipped' }
      const binary = Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce-${name}`, value]))
      const send = async (type: string, body: unknown, headers = {}) => {
        const response = await fetch(`${environment.hubs[0]}/v1/notifications`, {
          method: 'POST',
          headers: { authorization: `Bearer ${tenant.apiKey}`, 'content-type': type, ...headers },
          body: JSON.stringify(body),
        })
        return response.status
      }
      expect(await send('application/cloudevents+json', { ...event, data })).toBe(202)
      expect(await send('application/json', data, binary)).toBe(202)
      expect(await send('application/cloudevents-batch+json', [{ ...event, data }])).toBe(202)
      if (environment.natsUrl !== undefined) {
        const connection = await connect({ servers: environment.natsUrl })
        onTestFinished(() => connection.close())
        const fields = headers()
        for (const [name, value] of Object.entries(binary)) fields.set(name, value)
        const subject = `notify.${tenant.id}.normal.order.shipped`
        await jetstream(connection).publish(subject, JSON.stringify(data), { headers: fields })
        await jetstream(connection).publish(subject, JSON.stringify({ ...event, data }))
      }
      expect((await post(tenant, { to: 'eve', title: 'last' })).status).toBe(202)
      await vi.waitFor(
        async () => expect((await titlesOf(environment, tenant, 'eve')).sort()).toEqual([data.title, 'last']),
        WAIT,
      )
      expect(await lettersOf(environment, tenant)).toEqual([])
    })

    test('cannot be taken over by other publishers over NATS', async () => {
      if (environment.natsUrl === undefined) return
      const connection = await connect({ servers: environment.natsUrl })
      onTestFinished(() => connection.close())
      const id = `victim-${randomUUID()}`
      const msgID = hash('sha256', `${tenant.id}\n${id}`, 'base64url')
      const foreign = JSON.stringify({ to: 'eve', title: 'mine' })
      const log = jetstream(connection)
      await log.publish(`notify.${other.id}.normal.order.shipped`, foreign, { msgID })
      const toVic = { id, to: 'vic', title: id }
      expect((await post(tenant, toVic)).status).toBe(202)
      await vi.waitFor(async () => expect(await titlesOf(environment, tenant, 'vic')).toEqual([id]), WAIT)

      // A notification from HTTP is recognized over NATS, and different content becomes a dead letter.
      const subject = `notify.${tenant.id}.normal.order.shipped`
      await log.publish(subject, JSON.stringify(toVic))
      await log.publish(subject, JSON.stringify({ ...toVic, to: 'mallory' }))
      await vi.waitFor(async () => expect(await lettersOf(environment, tenant)).toHaveLength(1), WAIT)
      expect(await lettersOf(environment, tenant)).toMatchObject([
        { code: 'id_reused', detail: expect.stringContaining('was used with other content') },
      ])
      expect(await titlesOf(environment, tenant, 'mallory')).toEqual([])
      expect(await titlesOf(environment, tenant, 'vic')).toEqual([id])
    })
  })
})
