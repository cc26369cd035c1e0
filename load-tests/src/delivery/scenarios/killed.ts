import { notifySubject } from '@carillon/schemas'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect } from 'vitest'
import { eventually, openScene, type Scene } from '../scene.ts'
import { metric, type Stage } from '../stage.ts'

/** What is in a provider's hands when the sender dies. */
const inFlight = async (scene: Scene, conduct: 'silent' | 'mute') => {
  const { account, device, phones, receiver, send, user } = scene
  const [company, hook] = [await phones(), await receiver()]
  await Promise.all([
    account('sms', company.account),
    account('hook', hook.account),
    user('ada', { phone: '+15550151' }),
    user('grace', { phone: '+15550152' }),
    device('ada', 'crm', hook.device),
  ])
  await Promise.all([company.behave(conduct), hook.behave(conduct)])
  const [normal, critical, webhook] = await Promise.all([
    send({ to: 'ada', plan: [{ channel: 'sms', when: 'always' }] }),
    send({ to: 'grace', priority: 'critical', plan: [{ channel: 'sms', when: 'always' }] }),
    send({ to: 'ada', plan: [{ channel: 'webhook', when: 'always' }] }),
  ])
  await eventually(() => expect([company.asked.length, hook.asked.length]).toEqual([2, 1]))
  const recover = () => Promise.all([company.behave('works'), hook.behave('works')])

  /** How often each text was asked for, by the number it goes to. */
  const asked = (to: string) =>
    company.asked.filter(({ body }) => new URLSearchParams(body.toString()).get('To') === to).length
  const settled = async () => {
    const { ledger } = scene
    await ledger(normal, 'ada', { channel: 'sms', state: 'in_doubt', reason: 'interrupted' })
    await ledger(critical, 'grace', { channel: 'sms', state: 'sent', provider: 'sms' })
    await ledger(webhook, 'ada', { channel: 'webhook', state: 'sent', provider: 'hook' })
    expect([asked('+15550151'), asked('+15550152')]).toEqual([1, 2])
    expect(hook.asked).toHaveLength(2)
    expect(new Set(hook.asked.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect([company.taken.length, hook.taken.length]).toEqual(conduct === 'mute' ? [3, 2] : [1, 1])
  }
  return { recover, settled }
}

/**
 * Kills whoever sends while messages are with providers that have not answered: some have taken theirs (it died between
 * the send and the record), some have not (between the claim and the send). `settled` says what had to come of each.
 */
export const interrupt = async (stage: Stage) => {
  const scenes = [await openScene(stage), await openScene(stage)] as const
  const flights = await Promise.all([inFlight(scenes[0], 'silent'), inFlight(scenes[1], 'mute')])
  await stage.killSenders()
  for (const { recover } of flights) await recover()
  await stage.takeOver()
  const inDoubt = (channel: string, resent: string) =>
    metric(stage, 'carillon_in_doubt_total', { channel, resent })
  return {
    settled: async () => {
      for (const { settled } of flights) await settled()
      expect(await inDoubt('sms', 'no')).toBe(2)
      expect(await inDoubt('sms', 'yes')).toBe(2)
      expect(await inDoubt('webhook', 'yes')).toBe(2)
      expect(await inDoubt('webhook', 'no')).toBe(0)
    },
    close: async () => {
      for (const scene of scenes) await scene.close()
    },
  }
}

const UNDELIVERED = [{ channel: 'sms', when: 'undelivered', after: 3 }] as const

const withPhone = async ({ account, phones, user }: Scene, phone: string) => {
  const company = await phones()
  await account('sms', company.account)
  await user('ada', { phone })
  return company
}

/** The hubs hold the user, and hang, when the message is handed to them; then they die with it. No hub is left. */
export const hubsDie = async (stage: Stage & { natsUrl: string }): Promise<void> => {
  const scene = await openScene(stage)
  const connection = await connect({ servers: stage.natsUrl })
  try {
    const company = await withPhone(scene, '+15550161')
    await scene.app('ada')
    const handedOver = () => metric(stage, 'carillon_live_messages_total', { outcome: 'connected' })
    const before = await handedOver()
    for (const hub of stage.hubs) hub.pause()
    const id = `n-${scene.tenant.id}`
    await jetstream(connection).publish(
      notifySubject(scene.tenant.id, 'normal', 'note'),
      JSON.stringify({ id, to: 'ada', title: 'Are you there?', plan: UNDELIVERED }),
    )
    await eventually(async () => expect(await handedOver()).toBe(before + 1))
    await Promise.all(stage.hubs.map((hub) => hub.kill()))
    await eventually(() => expect(company.taken).toHaveLength(1))
    await Promise.all(stage.hubs.map((hub) => hub.restart()))
    await scene.ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    expect(company.asked).toHaveLength(1)
  } finally {
    await connection.close()
    await scene.close()
  }
}

/** The one process dies once an app has the message and before it is acknowledged. */
export const processDies = async (stage: Stage): Promise<void> => {
  const scene = await openScene(stage)
  try {
    const company = await withPhone(scene, '+15550162')
    const frozen = await scene.frozenApp('ada')
    const id = await scene.send({ to: 'ada', plan: [...UNDELIVERED] })
    await eventually(() => expect(frozen.got).toEqual([id]))
    await stage.killSenders()
    await stage.takeOver()
    await scene.ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    expect(company.taken).toHaveLength(1)
  } finally {
    await scene.close()
  }
}
