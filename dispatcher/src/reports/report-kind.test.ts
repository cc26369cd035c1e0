import type { Report } from '@carillon/core/delivery/provider'
import { reportMessages } from '@carillon/core/delivery/report-work'
import { createSeal } from '@carillon/core/security/seal'
import { reportSubject } from '@carillon/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'

const mail = scripted('mail', ['email'])
const sms = scripted('text', ['sms'], { needs: 'phone' })
mail.provider.callback = async () => ({ reports: [] })

let world: World
beforeEach(async () => {
  mail.say(({ notification }) => ({ outcome: 'sent', id: `id-${notification}` }))
  world = await openWorld({
    providers: providersOf(mail, sms),
    retryPauses: { firstMs: 1, capMs: 2 },
  })
  await world.account('mail')
  await world.account('text')
  await world.person('ada', { email: 'ada@example.org', phone: '+351911111111' })
})
afterEach(() => world.close())

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
/** Publishes reports, as a hub does after verifying them. */
const report = (...reports: Report[]) =>
  world.stream.publish(
    reportMessages(world.seal, { tenant: world.tenant, account: 'mail' }, reports, Date.now()),
  )
const send = (id: string) =>
  world.send({
    ...{ id, to: 'ada', type: 'bill', title: 'Your bill' },
    plan: [
      { channel: 'email', when: 'always', after: 0 },
      { channel: 'sms', when: 'failed', after: 0 },
    ],
  })
const states = async (id: string) =>
  (await world.ledger(id, 'ada')).map(({ channel, state }) => `${channel} ${state}`)

test('a bounce in the log fails the delivery, suppresses the address and makes the next step due', async () => {
  await send('n1')
  await until(async () => expect(await states('n1')).toEqual(['email sent']))
  await report({
    ...{ id: 'id-n1', state: 'failed', reason: 'bounce', at: Date.now() },
    suppress: { channels: ['email'], address: 'ada@example.org', reason: 'bounce' },
  })
  await until(async () => expect(await states('n1')).toEqual(['email failed', 'sms sent']))
  await send('n2')
  await until(async () => expect(await states('n2')).toEqual(['email skipped', 'sms sent']))
})

test('a report that precedes the record of its message waits for the record', async () => {
  await report({ id: 'id-n1', state: 'delivered', at: Date.now() })
  await world.quiet()
  await send('n1')
  await until(async () => expect(await states('n1')).toEqual(['email delivered']))
})

test('a storm of reports delays nothing else, and is applied completely', async () => {
  await send('n1')
  await until(async () => expect(await states('n1')).toEqual(['email sent']))
  const unknown = Array.from(
    { length: 20_000 },
    (_, n): Report => ({
      ...{ id: `unknown-${n}`, state: 'delivered', at: Date.now() },
    }),
  )
  await report(...unknown, { id: 'id-n1', state: 'delivered', at: Date.now() })
  await send('n2')
  await until(async () => expect(await states('n2')).toEqual(['email sent']))
  await until(async () => expect(await states('n1')).toEqual(['email delivered']))
  await world.quiet()
  expect(await world.deadLetters()).toEqual([])
})

test('malformed reports, and those sealed for another tenant or with another secret, are dead-lettered', async () => {
  await world.raw(reportSubject('mail', world.tenant), '{"reports":[{"state":"arrived","at":1}]}')
  const bounce: Report = {
    at: Date.now(),
    suppress: { channels: ['email'], address: 'ada@example.org', reason: 'bounce' },
  }
  for (const [seal, tenant] of [
    [world.seal, 'another'],
    [createSeal('another secret, long enough'), world.tenant],
  ] as const) {
    const [message] = reportMessages(seal, { tenant, account: 'mail' }, [bounce], Date.now())
    await world.raw(reportSubject('mail', world.tenant), message!.data)
  }
  await world.quiet()
  expect((await world.deadLetters()).map(({ code }) => code).sort()).toEqual([
    'invalid_request',
    'too_many_attempts',
    'too_many_attempts',
  ])
})
