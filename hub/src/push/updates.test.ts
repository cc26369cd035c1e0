import type { OutgoingMessage } from '@carillon/core/stream/port'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

const published: OutgoingMessage[] = []
let test: TestHub
let tenant: TestTenant
let token: string

beforeAll(async () => {
  test = await openHub({}, ({ stream }) => ({
    stream: {
      ...stream,
      publish: async (messages) => {
        published.push(...messages)
        return stream.publish(messages)
      },
    },
  }))
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  token = await tenant.userToken('ann')
})

/** Stores an item that a phone of the user shows. */
const shown = async (content = {}) => {
  const { id } = await tenant.item('ann', content)
  const push = {
    user: 'ann',
    device: 'phone',
    key: `key-of-${id}`,
    items: [id],
    account: 'fcm',
    sentAt: Date.now(),
  }
  await test.ports.store.shownPushes.put(tenant.id, [push])
  return id
}
/** Sends a request, and returns the bodies of the updates that it led to. */
const updatesAfter = async (method: string, path: string, body?: object) => {
  published.length = 0
  const { status, text } = await test.call(method, `/v1/inbox${path}`, { token, ...(body && { body }) })
  expect(status, text).toBe(200)
  return published
    .filter(({ subject }) => subject === `work.step.push.low.${tenant.id}`)
    .map(({ data }) => JSON.parse(Buffer.from(data).toString()))
}
const UPDATE = [{ update: { user: 'ann', attempt: 1 } }]

it('devices are told after an item that they show was read, archived, snoozed, clicked or deleted', async () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const actions = [{ name: 'done', label: 'Done' }]
  expect(await updatesAfter('PATCH', `/${await shown()}`, { read: true })).toEqual(UPDATE)
  expect(await updatesAfter('PATCH', `/${await shown()}`, { archived: true })).toEqual(UPDATE)
  expect(await updatesAfter('PATCH', `/${await shown()}`, { snoozedUntil: tomorrow })).toEqual(UPDATE)
  expect(await updatesAfter('POST', '/clicked', { ids: [await shown()], via: 'toast' })).toEqual(UPDATE)
  expect(await updatesAfter('POST', `/${await shown({ actions })}/actions/done`)).toEqual(UPDATE)
  expect(await updatesAfter('DELETE', `/${await shown()}`)).toEqual(UPDATE)
  await shown()
  expect(await updatesAfter('POST', '/read-all')).toEqual(UPDATE)
  const group = { group: { key: 'post-7' } }
  await shown(group)
  expect(await updatesAfter('DELETE', `/${(await tenant.item('ann', group)).id}?group=true`)).toEqual(UPDATE)
})

it('nothing is published about items that no device shows, or that are only seen', async () => {
  const other = await tenant.item('ann')
  expect(await updatesAfter('PATCH', `/${other.id}`, { read: true })).toEqual([])
  const id = await shown()
  expect(await updatesAfter('PATCH', `/${other.id}`, { archived: true })).toEqual([])
  expect(await updatesAfter('POST', '/seen', { ids: [id] })).toEqual([])
  expect(await updatesAfter('PATCH', `/${other.id}`, { archived: false })).toEqual([])
})
