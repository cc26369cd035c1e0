import type { Suppression } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

type Page = { suppressions: Suppression[]; next: string | null }
const list = async (query = '', token = tenant.key) =>
  (await test.call<Page>('GET', `/v1/suppressions${query}`, { token })).json

describe('the suppression list', () => {
  it('adds and removes addresses', async () => {
    const put = await test.call('PUT', '/v1/suppressions/sms/+4915112345678', { token: tenant.key })
    expect(put.status, put.text).toBe(200)
    expect(put.json).toMatchObject({
      channel: 'sms',
      address: '+4915112345678',
      reason: 'manual',
      source: null,
    })
    await test.call('PUT', '/v1/suppressions/email/ann%40example.com', {
      token: tenant.key,
      body: { reason: 'complaint' },
    })
    const { suppressions, next } = await list()
    expect(suppressions.map(({ channel, reason }) => `${channel} ${reason}`).sort()).toEqual([
      'email complaint',
      'sms manual',
    ])
    expect(next).toBeNull()
    const gone = await test.call('DELETE', '/v1/suppressions/sms/%2B4915112345678', { token: tenant.key })
    expect(gone.status).toBe(204)
    expect((await list()).suppressions).toHaveLength(1)
  })

  it('is returned in pages, each address once', async () => {
    for (let n = 0; n < 7; n++)
      await test.call('PUT', `/v1/suppressions/sms/+4915112345${100 + n}`, { token: tenant.key })
    const seen: string[] = []
    let after: string | null = ''
    while (after !== null) {
      const page: Page = await list(`?limit=3${after === '' ? '' : `&after=${after}`}`)
      expect(page.suppressions.length).toBeLessThanOrEqual(3)
      seen.push(...page.suppressions.map(({ address }) => address))
      after = page.next
    }
    expect(new Set(seen).size).toBe(7)
    expect(seen).toHaveLength(7)
    const stranger = await test.tenant()
    const { next } = await list('?limit=1')
    expect((await list(`?after=${next}`, stranger.key)) as unknown).toMatchObject({ code: 'cursor_invalid' })
    expect((await list('', stranger.key)).suppressions).toEqual([])
  })

  it('requires its scopes', async () => {
    const reader = await tenant.keyWith('suppressions:read')
    expect((await test.call('PUT', '/v1/suppressions/sms/+4915112345678', { token: reader })).status).toBe(
      403,
    )
  })
})
