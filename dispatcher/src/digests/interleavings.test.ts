/**
 * Digests while two dispatchers work at the same time and their calls fail at random, before and after they have taken effect: every
 * notification is told of exactly once, and no digest is empty. Time goes on all the while, so windows close as others join.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '@carillon/core/store/contract/samples'
import { type NotificationTypeInput, ThrottleRule } from '@carillon/schemas'
import { expect, test, vi } from 'vitest'
import { type DispatcherOptions, startDispatcher } from '../dispatcher.ts'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld } from '../testing/dispatcher.ts'
import { fakeTime } from '../testing/timed.ts'
import { createFaults } from './testing/faults.ts'

/** `INTERLEAVINGS=7-90` plays these seeds. */
const [FIRST = 1, LAST = 10] = (process.env.INTERLEAVINGS ?? '').split('-').filter(Boolean).map(Number)
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, index) => FIRST + index)
const START = '2027-06-07T21:50:00Z'
/** Quiet hours begin ten minutes after the start, and last as long. */
const QUIET: [string, string] = ['22:00', '22:10']
const MINUTE = 60_000
const NOTIFICATIONS = 40
const USERS = ['ada', 'bob']
const LISTED = '{% for item in items %}{{ item.data.id }} {% endfor %}'

const TYPES: Record<string, NotificationTypeInput> = {
  keyed: { digest: { window: 60, key: '{{ data.key }}' } },
  first: { digest: { window: 90, sliding: true, most: 200, first: 'now' } },
  throttled: {
    digest: { window: 45 },
    // The linter refuses a literal with `then`, as a promise in disguise.
    throttle: ThrottleRule.parse(
      Object.fromEntries([...Object.entries({ limit: 1, window: 120 }), ['then', 'digest']]),
    ),
  },
  plain: {},
}

const open = async (random: () => number) => {
  const time = fakeTime(START)
  const sms = scripted('text', ['sms'], { needs: 'phone', repeatable: true })
  /** What a provider that knows repeated sends delivers: the notifications of each message, by its key. */
  const told = new Map<string, string[]>()
  sms.say(({ key, content }) => {
    const ids = (content.body ?? '').replace('told:', '').split(/\s+/).filter(Boolean)
    if (!told.has(key)) told.set(key, ids)
    return { outcome: 'sent', id: key }
  })
  // Six failures of one message at most, because the eighth makes it a dead letter.
  const faults = [0, 1].map(() => createFaults(random, { most: 12, atOnce: 3, chance: 0.04 }))
  const options: DispatcherOptions = {
    ...{ rates: {}, retryPauses: { firstMs: 200, capMs: 2_000 }, retentionMs: 30 * 86_400_000 },
    unknownTypes: 'accept',
    insecureLinks: 'accept',
  }
  const world = await openWorld({ ...options, providers: providersOf(sms), clock: time.clock })
  const { store, stream, tenant } = world
  await world.account('text')
  for (const [key, type] of Object.entries({ ...TYPES, 'carillon.digest': {} }))
    await store.types.put(tenant, {
      ...{
        key,
        content: { title: 'told:', body: LISTED },
        plan: [{ channel: 'sms', when: 'unread', after: 0 }],
      },
      ...type,
    })
  for (const user of USERS) {
    await world.person(user, { phone: '+351911111111', timezone: 'UTC' })
    const changes = [{ path: '/quietHours/days/mon', value: [QUIET] }]
    await store.preferences.change(tenant, user, { changes, via: 'app', by: user })
  }
  // The dispatcher without faults makes way for two with faults.
  const faulty: Awaited<ReturnType<typeof startDispatcher>>[] = []
  for (const { store: failing, stream: publishing } of faults) {
    faulty.push(
      await startDispatcher({ ...world, store: failing(store), stream: publishing(stream) }, options),
    )
  }
  await world.stop()
  return {
    ...{ ...world, ...time, told },
    refill: () => {
      for (const each of faults) each.refill()
    },
    close: async () => {
      await Promise.all(faulty.map(({ stop }) => stop()))
      await world.close()
      vi.useRealTimers()
    },
  }
}

test.each(SEEDS)(
  'no digest loses, doubles or invents a notification, seed %i',
  { timeout: 120_000 },
  async (seed) => {
    const random = seeded(seed)
    const world = await open(random)
    try {
      const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
      const sent: { id: string; user: string }[] = []
      const isIdle = async () =>
        [...(await world.stream.backlog()).values()].every((waiting) => waiting === 0)
      const isDone = async () =>
        sent.length === NOTIFICATIONS && world.dueAt() === undefined && (await isIdle())
      while (!(await isDone())) {
        if (await isIdle()) world.refill()
        if (sent.length < NOTIFICATIONS && random() < 0.4) {
          const [id, user] = [`n${sent.length}`, pick(USERS)]
          await world.send({
            id,
            to: user,
            type: pick(Object.keys(TYPES)),
            data: { id, key: pick(['a', 'b']) },
          })
          sent.push({ id, user })
        }
        world.setTime(Date.now() + Math.floor(random() * 0.4 * MINUTE))
        await sleep(Math.floor(random() * 8))
      }
      const ids = [...world.told.values()]
      expect(ids.every((each) => each.length > 0)).toBe(true)
      expect(ids.flat().sort()).toEqual(sent.map(({ id }) => id).sort())
      // A send that was interrupted too often is in doubt, although it was told.
      for (const { id, user } of sent)
        expect([
          [id, 'sent'],
          [id, 'interrupted'],
        ]).toContainEqual([id, ...(await world.ledger(id, user)).map(({ state, reason }) => reason ?? state)])
      expect(await world.deadLetters()).toEqual([])
      for (const user of USERS) expect(await world.store.digests.open(world.tenant, [user])).toEqual([])
    } finally {
      await world.close()
    }
  },
)
