import { newTenant } from '@carillon/core/security/new-tenant'
import { signUserToken } from '@carillon/core/security/user-tokens'
import { createLog } from '@carillon/core/telemetry/log'
import { afterEach, expect, it, vi } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

const hubs: TestHub[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const hub of hubs.splice(0)) await hub.close()
})

/** Opens a hub, and records the lines it logs per level. */
const watchedHub = async (options: Parameters<typeof openHub>[0] = {}) => {
  const log = createLog({ level: 'silent', role: 'hub' })
  const warn = vi.spyOn(log, 'warn')
  const hub = await openHub(options, () => ({ log }))
  hubs.push(hub)
  return { hub, lines: () => warn.mock.calls.map(([about, text]) => ({ ...(about as object), text })) }
}

it('logs why a token is rejected, without revealing it in the response', async () => {
  const { hub, lines } = await watchedHub()
  const tenant = await hub.tenant()
  const { token } = await signUserToken(newTenant(tenant.id), 'ann')
  const { status, json } = await hub.call('GET', '/v1/inbox', { token })
  expect([status, json.detail]).toEqual([401, 'the user token is not valid for this Carillon'])
  expect(lines()).toEqual([
    {
      reason: 'kid_unknown',
      tenant: tenant.id,
      text: "credentials refused: the header kid is unknown, and the signature matches none of the tenant's secrets",
    },
  ])
  expect(JSON.stringify(lines())).not.toContain(token.split('.')[1])
})

it('includes the reason in the response in development', async () => {
  const { hub } = await watchedHub({ explainRefusals: true })
  const tenant = await hub.tenant()
  const { token } = await signUserToken(newTenant('nobody'), 'ann')
  expect((await hub.call('GET', '/v1/inbox', { token })).json).toMatchObject({
    code: 'unauthenticated',
    detail: 'the claim iss names no tenant of this installation',
  })
  const cut = await hub.call('GET', '/v1/types', { token: tenant.key.slice(0, -1) })
  expect(cut.json.detail).toContain('may be truncated')
})

it('logs each reason once per minute and tenant, with the number of rejections', async () => {
  const { hub, lines } = await watchedHub()
  const [one, two] = [await hub.tenant(), await hub.tenant()]
  const refused = async ({ id }: { id: string }) => {
    const { token } = await signUserToken({ ...newTenant(id), secrets: [{ kid: 'x', secret: 'y' }] }, 'ann')
    await hub.call('GET', '/v1/inbox', { token })
  }
  for (let times = 0; times < 5; times++) await refused(one)
  await refused(two)
  expect(lines()).toMatchObject([{ tenant: one.id }, { tenant: two.id }])
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  await refused(one)
  expect(lines()).toHaveLength(3)
  expect(lines()[2]).toMatchObject({ tenant: one.id, reason: 'kid_unknown', refused: 5 })
})
