import { randomUUID } from 'node:crypto'
import type { Step } from '@carillon/core/delivery/step'
import { HttpFailure } from '@carillon/core/http/port'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import { createReports } from '@carillon/dispatcher/reports/reports'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONFIGS } from './examples.ts'
import { fuzzed } from './settings.ts'
import { REPORTERS, SENT, SNS_CERTIFICATE_URL, sns } from './signed.ts'
import { hostile, hostileText, mutated } from './values.ts'
import { type FuzzWorld, openWorld } from './world.ts'

let world: FuzzWorld
beforeAll(async () => {
  world = await openWorld('embedded', async ({ url }) => {
    if (url === SNS_CERTIFICATE_URL) return { status: 200, headers: {}, body: sns.cert }
    throw new HttpFailure('unreachable', 'no connection', false)
  })
  const { accounts } = world.ports.store
  for (const [provider, config] of Object.entries(CONFIGS)) {
    const channels = [...(PROVIDERS.get(provider)?.channels ?? [])]
    await accounts.put(world.tenant.id, { id: provider, provider, channels, order: 1, config })
  }
})
afterAll(() => world.close())

test('every provider with callbacks is fuzzed', () => {
  const reporting = [...PROVIDERS.values()].filter(({ callback }) => callback).map(({ name }) => name)
  expect(Object.keys(REPORTERS).sort()).toEqual(reporting.sort())
})

/** Stores sent messages with a next step, for the reports in the examples. */
const remember = async (account: string) => {
  const step: Step = {
    tenant: world.tenant.id,
    user: 'ada',
    notification: `n-${account}`,
    item: randomUUID(),
    type: 'test',
    priority: 'normal',
    at: Date.now(),
    expiresAt: Date.now() + 60_000,
    plan: [
      { channel: 'email', when: 'always', after: 0 },
      { channel: 'discord', when: 'failed', after: 0 },
    ],
    index: 0,
    toAudience: false,
    destination: '',
  }
  await createReports(world.ports).remember(world.tenant.id, [{ account, id: SENT, step, at: Date.now() }])
}

test.each(Object.keys(REPORTERS))(
  '%s never causes a 5xx, whatever its signed reports contain',
  { timeout: 300_000 },
  async (account) => {
    const reporter = REPORTERS[account]!
    await remember(account)
    const path = `/v1/callbacks/${world.tenant.id}/${account}`
    const post = async (body: Buffer) => {
      const { headers, body: bytes } = await reporter.sign(body, `${world.url}${path}`)
      return fetch(`${world.url}${path}`, { method: 'POST', headers, body: new Uint8Array(bytes) })
    }
    for (const example of reporter.examples) {
      const answer = await post(reporter.write(example))
      expect(answer.status, await answer.text()).toBeLessThan(300)
    }
    const bodies = fc.oneof(
      { weight: 6, arbitrary: mutated(fc.constantFrom(...reporter.examples)).map(reporter.write) },
      { weight: 2, arbitrary: hostile.map(reporter.write) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    )
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await post(body)
        const said = `${account}: ${body.toString().slice(0, 500)} → ${answer.status} ${await answer.text()}`
        expect(answer.status, said).toBeLessThan(500)
        expect(answer.status, said).not.toBe(403)
      }),
      fuzzed(60),
    )
    await world.works()
    await world.isClean()
    // The dispatcher must be able to read whatever the hub accepted.
    const letters = await world.ports.stream.deadLetters({ tenant: world.tenant.id, limit: 1_000 })
    expect(letters.filter(({ queue }) => queue === 'report-normal')).toEqual([])
  },
)

test('rejects unsigned callbacks, with any query and headers', { timeout: 300_000 }, async () => {
  const calls = fc.record({
    account: fc.constantFrom(...Object.keys(CONFIGS)),
    method: fc.constantFrom('GET', 'POST'),
    query: fc.dictionary(
      fc.oneof(hostileText, fc.constantFrom('hub.mode', 'hub.verify_token', 'hub.challenge', 'bodySHA256')),
      hostileText,
      { maxKeys: 4 },
    ),
    header: fc.constantFrom(
      'x-twilio-signature',
      'x-hub-signature-256',
      'webhook-signature',
      'x-twilio-email-event-webhook-signature',
      'authorization',
    ),
    value: fc.oneof(
      fc.base64String(),
      fc.constantFrom('v1,', 'sha256=', 'Bearer a.b.c', `Bearer ${'x'.repeat(5_000)}`),
    ),
    body: hostile,
  })
  await fc.assert(
    fc.asyncProperty(calls, async ({ account, method, query, header, value, body }) => {
      const params = new URLSearchParams(
        Object.entries(query).map(([key, each]) => [
          Buffer.from(key).toString(),
          Buffer.from(each).toString().slice(0, 500),
        ]),
      )
      const answer = await fetch(`${world.url}/v1/callbacks/${world.tenant.id}/${account}?${params}`, {
        method,
        headers: { [header]: value },
        ...(method === 'GET' ? {} : { body: new Uint8Array(REPORTERS.smtp!.write(body)) }),
      })
      expect(answer.status, `${account} ${await answer.text()}`).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    }),
    fuzzed(100),
  )
  await world.works()
  await world.isClean()
})
