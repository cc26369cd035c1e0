import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Long enough that no other stored number contains it by chance. */
const DIGITS = 10

export const OTP: Scenario = {
  title: 'a one-time password is delivered, valid once, and never stored in clear text',
  run: async ({ account, ledger, ok, phones, environment, user }) => {
    const provider = await phones()
    await account('sms', provider.account)
    await user('ada', { phone: '+15550141' })
    // Accepted but not answered yet: the step is still in the log, and its message in the process.
    await provider.setBehavior('slow')
    const { id } = await ok<{ id: string }>('POST', '/v1/otp', { to: 'ada', length: DIGITS, name: 'Acme' })
    await eventually(() => expect(provider.accepted).toHaveLength(1))
    const code = /\d{10}/.exec(provider.accepted[0]?.body ?? '')?.[0] ?? ''
    expect(code).toHaveLength(DIGITS)
    const exposed = async () => [
      ...(await environment.findText(code)),
      ...environment.logs().filter((line) => line.includes(code)),
    ]
    expect(await exposed()).toEqual([])
    await provider.setBehavior('works')
    await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    // Proves that the search works.
    await eventually(async () => expect(await environment.findText(id)).not.toEqual([]))
    expect(await exposed()).toEqual([])

    const verify = (tried: string) => ok('POST', '/v1/otp/verify', { id, code: tried })
    const wrong = String((Number(code) + 1) % 10 ** DIGITS).padStart(DIGITS, '0')
    expect(await verify(wrong)).toEqual({ valid: false, attemptsLeft: 4 })
    expect(await verify(code)).toEqual({ valid: true })
    expect(await verify(code)).toMatchObject({ valid: false })
    expect(await exposed()).toEqual([])
    // A slow search outlasts the time limit of the request, which is then sent again.
    for (const { body } of provider.accepted) expect(body).toContain(code)
  },
}

export const PUMPING: Scenario = {
  title:
    'one-time passwords are limited over all hubs together, and refused for countries that are not listed',
  run: async ({ account, environment, mail, ok, phones, tenant }) => {
    await account('sms', (await phones()).account)
    await account('mail', (await mail()).account)
    await ok('PUT', '/v1/tenant', { otp: { countries: ['PT'], perRange: 4, perAddress: 2 } })
    /** Sends requests to the hubs in turn. */
    const ask = (n: number, body: object) =>
      fetch(`${environment.hubs[n % environment.hubs.length]?.url}/v1/otp`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const statuses: number[] = []
    for (let n = 0; n < 7; n++) {
      const { status, headers } = await ask(n, { to: { user: `u${n}`, phone: `+35191100000${n}` } })
      statuses.push(status)
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_000)
    }
    expect(statuses).toEqual([202, 202, 202, 202, 429, 429, 429])
    for (const [n, expected] of [202, 202, 429, 429].entries()) {
      const to = { user: `m${n}`, email: 'shared@people.example' }
      expect((await ask(n, { to, channel: 'email' })).status).toBe(expected)
    }
    for (const [n, phone] of ['+88216123456', '+34600000000', '+88216123457', '+34600000001'].entries()) {
      const reply = await ask(n, { to: { user: 'far', phone } })
      expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([
        422,
        'country_not_allowed',
      ])
    }
  },
}
