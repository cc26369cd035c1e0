import { hasMadeId, stampedVersion } from '@carillon/core/notification/stamp'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

it('logs the version of the type of an accepted notification, and who chose its id', async () => {
  const tenant = await test.tenant()
  const send = async (note: object) => {
    const { status } = await test.call('POST', '/v1/notifications', { token: tenant.key, body: note })
    expect(status).toBe(202)
  }
  const put = (body: object) => test.call('PUT', '/v1/types/bill', { token: tenant.key, body })
  await put({ name: 'Bill' })
  await send({ to: 'ada', type: 'bill' })
  expect((await put({ name: 'Invoice' })).json).toMatchObject({ version: 2 })
  await send({ id: 'order-1', to: 'ada', type: 'bill' })
  await send({ to: 'ada', type: 'unheard.of' })
  const reader = await test.ports.stream.read('notify-normal', { buffer: 10 })
  onTestFinished(() => reader.close())
  await expect.poll(() => reader.ready).toBe(3)
  const stamps = reader.take(10).map(({ headers }) => [stampedVersion(headers), hasMadeId(headers)])
  expect(stamps).toEqual([
    [1, true],
    [2, false],
    [0, true],
  ])
})
