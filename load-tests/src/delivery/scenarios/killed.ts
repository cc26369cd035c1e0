import { notifySubject } from '@carillon/schemas'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect } from 'vitest'
import { eventually, openContext, type ScenarioContext } from '../context.ts'
import { type Environment, metric } from '../environment.ts'
import { openDigests } from './digests.ts'

/** Starts sends that providers have not answered when the workers are killed. */
const pendingSends = async (context: ScenarioContext, behavior: 'hangs' | 'accepts-and-hangs') => {
  const { account, device, phones, receiver, send, user } = context
  const [provider, hook] = [await phones(), await receiver()]
  await Promise.all([
    account('sms', provider.account),
    account('hook', hook.account),
    user('ada', { phone: '+15550151' }),
    user('grace', { phone: '+15550152' }),
    device('ada', 'crm', hook.device),
  ])
  await Promise.all([provider.setBehavior(behavior), hook.setBehavior(behavior)])
  const [normal, critical, webhook] = await Promise.all([
    send({ to: 'ada', plan: [{ channel: 'sms', when: 'always' }] }),
    send({ to: 'grace', priority: 'critical', plan: [{ channel: 'sms', when: 'always' }] }),
    send({ to: 'ada', plan: [{ channel: 'webhook', when: 'always' }] }),
  ])
  await eventually(() => expect([provider.requests.length, hook.requests.length]).toEqual([2, 1]))
  const recover = () => Promise.all([provider.setBehavior('works'), hook.setBehavior('works')])

  /** Counts the requests for a number. */
  const requests = (to: string) =>
    provider.requests.filter(({ body }) => new URLSearchParams(body.toString()).get('To') === to).length
  const settled = async () => {
    const { ledger } = context
    await ledger(normal, 'ada', { channel: 'sms', state: 'in_doubt', reason: 'interrupted' })
    await ledger(critical, 'grace', { channel: 'sms', state: 'sent', provider: 'sms' })
    await ledger(webhook, 'ada', { channel: 'webhook', state: 'sent', provider: 'hook' })
    expect([requests('+15550151'), requests('+15550152')]).toEqual([1, 2])
    expect(hook.requests).toHaveLength(2)
    expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect([provider.accepted.length, hook.accepted.length]).toEqual(
      behavior === 'accepts-and-hangs' ? [3, 2] : [1, 1],
    )
  }
  return { recover, settled }
}

/**
 * Kills the workers while providers have not responded. Some providers accepted the message (killed between send and record),
 * others did not (killed between claim and send). `settled` checks the outcome of each.
 */
export const interrupt = async (environment: Environment) => {
  const contexts = [
    await openContext(environment),
    await openContext(environment),
    await openContext(environment),
  ] as const
  const pending = await Promise.all([
    pendingSends(contexts[0], 'hangs'),
    pendingSends(contexts[1], 'accepts-and-hangs'),
  ])
  const digests = await openDigests(contexts[2])
  await environment.killWorkers()
  for (const { recover } of pending) await recover()
  await environment.replaceWorkers()
  const inDoubt = (channel: string, resent: string) =>
    metric(environment, 'carillon_in_doubt_total', { channel, resent })
  return {
    settled: async () => {
      for (const { settled } of pending) await settled()
      await digests.settled()
      expect(await inDoubt('sms', 'no')).toBe(2)
      expect(await inDoubt('sms', 'yes')).toBe(2)
      expect(await inDoubt('webhook', 'yes')).toBe(2)
      expect(await inDoubt('webhook', 'no')).toBe(0)
    },
    close: async () => {
      for (const context of contexts) await context.close()
    },
  }
}

const UNDELIVERED = [{ channel: 'sms', when: 'undelivered', after: 3 }] as const

const withPhone = async ({ account, phones, user }: ScenarioContext, phone: string) => {
  const provider = await phones()
  await account('sms', provider.account)
  await user('ada', { phone })
  return provider
}

/** Kills the hubs while they hang on receiving a live message, so that no hub is left. */
export const killHubs = async (environment: Environment & { natsUrl: string }): Promise<void> => {
  const context = await openContext(environment)
  const connection = await connect({ servers: environment.natsUrl })
  try {
    const provider = await withPhone(context, '+15550161')
    await context.app('ada')
    const handedOver = () => metric(environment, 'carillon_live_messages_total', { outcome: 'connected' })
    const before = await handedOver()
    for (const hub of environment.hubs) hub.pause()
    const id = `n-${context.tenant.id}`
    await jetstream(connection).publish(
      notifySubject(context.tenant.id, 'normal', 'note'),
      JSON.stringify({ id, to: 'ada', title: 'Are you there?', plan: UNDELIVERED }),
    )
    await eventually(async () => expect(await handedOver()).toBe(before + 1))
    await Promise.all(environment.hubs.map((hub) => hub.kill()))
    await eventually(() => expect(provider.accepted).toHaveLength(1))
    await Promise.all(environment.hubs.map((hub) => hub.restart()))
    await context.ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    expect(provider.requests).toHaveLength(1)
  } finally {
    await connection.close()
    await context.close()
  }
}

/** Kills the only process after the client received the message and before it is acknowledged. */
export const killProcess = async (environment: Environment): Promise<void> => {
  const context = await openContext(environment)
  try {
    const provider = await withPhone(context, '+15550162')
    const frozen = await context.frozenApp('ada')
    const id = await context.send({ to: 'ada', plan: [...UNDELIVERED] })
    await eventually(() => expect(frozen.received).toEqual([id]))
    await environment.killWorkers()
    await environment.replaceWorkers()
    await context.ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    expect(provider.accepted).toHaveLength(1)
  } finally {
    await context.close()
  }
}
