/**
 * Calls a hub with the client that is generated from its OpenAPI document, and prints the results as JSON:
 * `calls.ts URL API_KEY`. A test writes `schema.d.ts`, type-checks this file and runs it; the project's own
 * build excludes it.
 * @module
 */
import createClient from 'openapi-fetch'
import type { components, paths } from './schema.js'

type Schemas = components['schemas']

/** The data of a successful response. */
const data = <T>({ data, error }: { data?: T; error?: unknown }): T => {
  if (data === undefined) throw new Error(`refused: ${JSON.stringify(error)}`)
  return data
}

const clientOf = (baseUrl: string, token: string) =>
  createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } })

/** Polls until `find` returns something. */
const eventually = async <T>(find: () => Promise<T | undefined>): Promise<T> => {
  for (let tries = 0; tries < 200; tries++) {
    const found = await find()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it never came')
}

const asBackend = async (url: string, apiKey: string) => {
  const backend = clientOf(url, apiKey)
  const type: Schemas['NotificationTypeInput'] = {
    name: 'New comment',
    plan: [{ channel: 'email', when: 'unread', after: 600 }],
  }
  const path = { key: 'comment.created' }
  const put = data(await backend.PUT('/v1/types/{key}', { params: { path }, body: type }))
  const listed = data(await backend.GET('/v1/types'))

  const sent = data(
    await backend.POST('/v1/notifications', {
      params: { header: { 'Idempotency-Key': 'typescript-1' } },
      body: {
        to: ['lin', { user: 'mia', email: 'mia@example.com' }],
        type: 'comment.created',
        title: 'Hello',
      },
    }),
  )
  // A dry run would be answered without an id.
  if (!('id' in sent)) throw new Error('the notification was not sent')
  const { id } = sent
  const deliveries = await eventually(async () => {
    const answer = await backend.GET('/v1/notifications/{id}/deliveries', {
      params: { path: { id }, query: { user: 'lin', limit: 10 } },
    })
    const inbox = answer.data?.deliveries.find(({ channel }) => channel === 'inbox')
    return inbox && answer.data?.deliveries
  })

  const device = data(
    await backend.PUT('/v1/users/{id}/devices/{device}', {
      params: { path: { id: 'lin', device: 'chat' } },
      body: { kind: 'slack', channel: 'U012AB3CD' },
    }),
  )
  const otp = data(
    await backend.POST('/v1/otp', { body: { to: { user: 'lin', phone: '+351911111111' }, length: 8 } }),
  )
  const verified = data(await backend.POST('/v1/otp/verify', { body: { id: otp.id, code: '00000000' } }))
  const refused = await backend.POST('/v1/notifications', {
    // @ts-expect-error: a recipient is not a number
    body: { to: 5, type: 'comment.created' },
  })
  const problem: Schemas['Problem'] | undefined = refused.error
  return {
    version: put.version,
    steps: put.plan?.map(({ after }) => after),
    types: listed.types.map(({ key }) => key),
    states: deliveries.map(({ channel, state }) => `${channel} ${state}`),
    device: device.kind,
    otp: verified.valid,
    problem: { code: problem?.code, at: problem?.errors?.[0]?.pointer },
  }
}

const asUser = async (url: string, apiKey: string) => {
  const issued = await clientOf(url, apiKey).POST('/v1/users/{id}/token', { params: { path: { id: 'lin' } } })
  const app = clientOf(url, data(issued).token)
  const page = data(await app.GET('/v1/inbox', { params: { query: { status: 'unread', limit: 5 } } }))
  const [item] = page.items
  if (!item) throw new Error('the inbox is empty')
  const params = { path: { id: item.id } }
  const seen = data(await app.POST('/v1/inbox/seen', { body: { ids: [item.id] } }))
  const read = data(await app.PATCH('/v1/inbox/{id}', { params, body: { read: true } }))
  const all = await app.POST('/v1/inbox/read-all', { body: {} })
  const deleted = data(await app.DELETE('/v1/inbox/{id}', { params }))
  const device = data(
    await app.PUT('/v1/devices/{id}', {
      params: { path: { id: 'phone' } },
      body: { kind: 'fcm', token: 'a-registration-token' },
    }),
  )
  const { devices } = data(await app.GET('/v1/devices'))
  return {
    title: item.title,
    unseen: seen.counts.unseen,
    read: read.item.readAt !== null,
    all: all.response.status,
    unread: deleted.counts.unread,
    devices: [device.id, devices.length],
  }
}

const [url = '', apiKey = ''] = process.argv.slice(2)
const backend = await asBackend(url, apiKey)
const user = await asUser(url, apiKey)
process.stdout.write(JSON.stringify({ backend, user }))
