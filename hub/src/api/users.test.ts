import { timesMessage } from '@carillon/core/preferences/times-message'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

it('moves what waits for a user whose time zone changes in the profile', async () => {
  const { id, key: token } = await test.tenant()
  const put = (body: object) => test.call('PUT', '/v1/users/ada', { token, body })
  const { key } = timesMessage(id, 'ada', 0).schedule!
  const movesAfter = async (body: object) => {
    expect((await put(body)).status).toBe(200)
    return (await test.ports.stream.cancel([key])) === 1
  }
  expect(await movesAfter({ timezone: 'Europe/Lisbon' })).toBe(false)
  expect(await movesAfter({ timezone: 'Europe/Lisbon', name: 'Ada' })).toBe(false)
  expect(await movesAfter({ timezone: 'Asia/Tokyo' })).toBe(true)
  expect(await movesAfter({ name: 'Ada' })).toBe(true)
})
