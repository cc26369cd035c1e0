import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Scenarios with rate limits and outages. */
export const RETRIES: Scenario[] = [
  {
    title: 'a rate limit on one subscription does not delay pushes to other browsers, nor a critical one',
    run: async ({ account, browser, device, ledger, send }) => {
      const service = await browser()
      await account('push', service.account)
      const [limited, free] = ['limited', 'free'].map((name) => `${service.url}/subscription/${name}`)
      await Promise.all([
        device('ada', 'phone', { ...service.device, endpoint: limited ?? '' }),
        device('grace', 'phone', { ...service.device, endpoint: free ?? '' }),
      ])
      await service.setBehavior(({ path }) =>
        path.endsWith('/limited') ? { status: 429, headers: { 'retry-after': '600' } } : undefined,
      )
      const plan = [{ channel: 'push' as const, when: 'always' as const }]
      const held = await send({ to: 'ada', plan })
      await eventually(() => expect(service.requests).toHaveLength(1))
      const [normal, critical] = await Promise.all([
        send({ to: 'grace', plan }),
        send({ to: 'grace', plan, priority: 'critical' }),
      ])
      await ledger(normal, 'grace', { channel: 'push', state: 'sent', attempts: 1 })
      await ledger(critical, 'grace', { channel: 'push', state: 'sent', attempts: 1 })
      await ledger(held, 'ada', { channel: 'push', state: 'queued', attempts: 1 })
      // A critical push to the rate-limited subscription does not wait ten minutes either.
      const alarm = await send({ to: 'ada', plan, priority: 'critical' })
      await eventually(() =>
        expect(service.requests.filter(({ path }) => path.endsWith('/limited'))).toHaveLength(2),
      )
      await service.setBehavior('works')
      await ledger(alarm, 'ada', { channel: 'push', state: 'sent' })
    },
  },
  {
    title: 'a critical e-mail is delivered even if the mail server is down for more than six attempts',
    run: async ({ account, deliveries, ledger, mail, ok, send, user }) => {
      const server = await mail()
      await Promise.all([account('mail', server.account), user('ada', { email: 'ada@home.example' })])
      await server.setBehavior('down')
      const id = await send({
        to: 'ada',
        priority: 'critical',
        plan: [{ channel: 'email', when: 'always' }],
      })
      await eventually(async () => {
        const row = (await deliveries(id, 'ada')).find(({ channel }) => channel === 'email')
        expect(row?.state).toBe('queued')
        expect(row?.attempts).toBeGreaterThan(6)
      })
      await server.setBehavior('works')
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(server.accepted).toHaveLength(1)
      expect(await ok('GET', '/v1/dead-letters')).toMatchObject({ deadLetters: [] })
    },
  },
  {
    title:
      'if a mail server has no TLS, queued e-mails show it, it is logged once, and they are sent after the config is fixed',
    run: async ({ account, ledger, mail, send, environment, tenant, user }) => {
      const server = await mail({ plain: true })
      await Promise.all([account('mail', server.account), user('ada', { email: 'ada@home.example' })])
      const plan = [{ channel: 'email' as const, when: 'always' as const }]
      const sent = await Promise.all([1, 2, 3, 4].map(() => send({ to: 'ada', plan })))
      for (const id of sent)
        await ledger(id, 'ada', {
          channel: 'email',
          state: 'queued',
          provider: 'mail',
          reason: 'tls_failed',
          detail: expect.stringContaining('set tls to "none"'),
          nextAttemptAt: expect.stringMatching(/^20/),
        })
      const lines = (message: string) =>
        environment.logs().filter((line) => line.includes(tenant.id) && line.includes(message))
      const loggedOnce = (message: string) => {
        expect(lines(message).length).toBeGreaterThan(0)
        expect(lines(message).length).toBeLessThanOrEqual(environment.workers().length)
      }
      await eventually(() => loggedOnce('the provider fails'))
      expect(lines('the provider fails')[0]).toContain('set tls to \\"none\\"')
      expect(lines('ada@home.example')).toEqual([])
      const { config } = server.account
      await account('mail', { ...server.account, config: { ...config, tls: 'none' } })
      for (const id of sent) await ledger(id, 'ada', { channel: 'email', state: 'sent', nextAttemptAt: null })
      expect(server.accepted).toHaveLength(4)
      await eventually(() => loggedOnce('the provider works again'))
      loggedOnce('the provider fails')
    },
  },
  {
    title: 'a webhook that responds with 404, 400, 409, 422 or a redirect is retried',
    run: async ({ account, device, ledger, receiver, send }) => {
      const hook = await receiver()
      await account('hook', hook.account)
      await device('ada', 'crm', hook.device)
      const answers = [404, 400, 409, 422, 302]
      await hook.setBehavior(() => {
        const status = answers.shift()
        return status === undefined ? undefined : { status, headers: { location: `${hook.url}/elsewhere` } }
      })
      const id = await send({
        to: 'ada',
        priority: 'critical',
        plan: [{ channel: 'webhook', when: 'always' }],
      })
      await ledger(id, 'ada', { channel: 'webhook', device: 'crm', state: 'sent', attempts: 6 })
      expect(hook.requests.map(({ path }) => path)).toEqual(Array(6).fill('/hook'))
    },
  },
]
