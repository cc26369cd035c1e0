import { randomUUID } from 'node:crypto'
import { createReschedule } from '@carillon/core/schedules/reschedule'
import {
  type NotificationInput,
  type NotificationTypeInput,
  type PreferenceValue,
  type ScheduleInput,
  ThrottleRule,
} from '@carillon/schemas'
import { afterEach, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld } from '../testing/dispatcher.ts'
import { fakeTime } from '../testing/timed.ts'
import {
  type Leaving,
  leavings,
  type ModelChoices,
  type ModelEvent,
  type ModelPerson,
  type ModelSchedule,
  type ModelSend,
  type ModelType,
} from './testing/month-model.ts'
import { END, monthOf, SCHEDULES, START, TYPES } from './testing/month-plan.ts'

/** `MONTH_USERS=200` simulates as many people. */
const PEOPLE = Number(process.env.MONTH_USERS ?? 24)
const SEED = Number(process.env.MONTH_SEED ?? 20_270_304)
const MINUTE = 60_000
const LISTED = '{% for item in items %}{{ item.data.id }} {% endfor %}'

const seconds = (ms: number) => ms / 1_000
const definitionOf = (type: ModelType): NotificationTypeInput => {
  const { critical, transactional, delay = 0, digest, throttle } = type
  const { window, most, keyed, first } = digest ?? {}
  return {
    content: { title: 'told:', body: LISTED },
    plan: [{ channel: 'sms', when: 'unread', after: seconds(delay) }],
    ...(critical ? { critical } : {}),
    ...(transactional ? { optOut: false } : {}),
    ...(window === undefined
      ? {}
      : {
          digest: {
            window: typeof window === 'number' ? seconds(window) : window,
            ...(most === undefined ? {} : { sliding: true, most: seconds(most) }),
            ...(keyed ? { key: '{{ data.key }}' } : {}),
            ...(first ? { first: 'now' } : {}),
          },
        }),
    ...(throttle
      ? {
          // The linter refuses a literal with `then`, as a promise in disguise.
          throttle: ThrottleRule.parse(
            Object.fromEntries([
              ['limit', throttle.limit],
              ['window', seconds(throttle.window)],
              ['then', throttle.excess],
            ]),
          ),
        }
      : {}),
  }
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

const preferencesOf = ({ choices, quiet = [], digest }: ModelChoices): [string, PreferenceValue][] => [
  ...Object.entries(choices).map(([type, value]): [string, PreferenceValue] => [`/types/${type}/sms`, value]),
  ...quiet.map(({ day, from, to }): [string, PreferenceValue] => [
    `/quietHours/days/${day}`,
    [[clock(from), to === 0 ? '24:00' : clock(to)]],
  ]),
  ...Object.entries(digest ?? {}).map(([name, value]): [string, PreferenceValue] => [
    `/digest/${name}`,
    value,
  ]),
]

const iso = (at: number) => new Date(at).toISOString()
const inContext = (context: '' | 'team') => (context ? { context } : {})

const notificationOf = (event: ModelSend): NotificationInput => {
  const { user: to, type, id, key, context, delivery, expiresAt } = event
  const data = { id, key }
  const note = { id, to, type, data, ...inContext(context) }
  if (expiresAt !== undefined) return { ...note, expiresAt: iso(expiresAt) }
  if (!delivery) return note
  if ('local' in delivery) return { ...note, deliverAt: { local: delivery.local }, late: delivery.late }
  if (!delivery.relative) return { ...note, deliverAt: iso(delivery.at) }
  const dueAt = iso(delivery.at + 30 * MINUTE)
  return { ...note, data: { ...data, dueAt }, deliverAt: { from: 'data.dueAt', offset: '-PT30M' } }
}

const scheduleOf = (
  { id, type, context, minutes, days, zone }: ModelSchedule,
  people: readonly ModelPerson[],
): ScheduleInput => ({
  cron: `${minutes % 60} ${Math.floor(minutes / 60)} * * ${days.join(',')}`,
  ...(zone === undefined ? { local: true } : { timezone: zone }),
  notification: { to: people.map((each) => each.id), type, data: { id, key: 'a' }, ...inContext(context) },
})

afterEach(() => {
  vi.useRealTimers()
})

const sorted = (leaving: readonly Leaving[]) =>
  leaving.map(({ at, user, ids }) => `${user} ${iso(at).slice(0, 16)}: ${ids.join(' ')}`).sort()

/** Opens a dispatcher with the types and schedules of the month. `left` lists what leaves. */
const openMonth = async (people: readonly ModelPerson[]) => {
  const time = fakeTime(iso(START))
  const sms = scripted('text', ['sms'], { needs: 'phone', repeatable: true })
  const left: Leaving[] = []
  sms.say(({ user, content }) => {
    const ids = (content.body ?? '').replace('told:', '').trim().split(/\s+/).sort()
    left.push({ at: Math.floor(Date.now() / MINUTE) * MINUTE, user, ids })
    return { outcome: 'sent', id: `${left.length}` }
  })
  const world = await openWorld({
    ...{ providers: providersOf(sms), clock: time.clock, retentionMs: 90 * 86_400_000 },
    rates: {},
  })
  const { store, tenant } = world
  await world.account('text')
  for (const type of TYPES) await store.types.put(tenant, { key: type.key, ...definitionOf(type) })
  await store.types.put(tenant, { key: 'carillon.digest', content: { title: 'told:', body: LISTED } })
  for (const each of people) {
    await world.person(each.id, { phone: '+351911111111', timezone: each.zone })
    const changes = [
      ...preferencesOf(each).map(([path, value]) => ({ path, value })),
      ...preferencesOf(each.team).map(([path, value]) => ({ path, value, context: 'team' })),
    ]
    await store.preferences.change(tenant, each.id, { changes, via: 'app', by: each.id })
  }
  for (const schedule of SCHEDULES) {
    const { id } = schedule
    const definition = scheduleOf(schedule, people)
    const written = { id, definition, sender: 'a-key', revision: randomUUID(), changedAt: START }
    await store.schedules.put(tenant, written)
    await createReschedule(world)(tenant, id, START)
  }
  return { ...world, ...time, left }
}
type MonthWorld = Awaited<ReturnType<typeof openMonth>>

const readAll = async ({ store, tenant }: MonthWorld, user: string) => {
  const owner = { tenant, user }
  for (;;) {
    const { items } = await store.inbox.page(owner, { status: 'unread', limit: 100 })
    if (items.length === 0) return
    const readAt = new Date().toISOString()
    await store.inbox.change(
      owner,
      items.map(({ id }) => id),
      () => ({ readAt }),
    )
  }
}

/** Plays what happens, in order, and whatever becomes due, each at its time. */
const play = async (world: MonthWorld, events: readonly ModelEvent[]) => {
  const { store, tenant } = world
  const waiting = [...events]
  for (;;) {
    await world.quiet()
    const next = waiting[0]?.at ?? Number.POSITIVE_INFINITY
    const at = Math.min(world.dueAt() ?? Number.POSITIVE_INFINITY, next)
    if (at > END + MINUTE) return
    if (at > Date.now()) {
      world.setTime(at)
      await world.quiet()
    }
    while (waiting[0] && waiting[0].at <= Date.now()) {
      const event = waiting.shift()!
      if (event.kind === 'send') await world.send(notificationOf(event))
      else {
        await world.quiet()
        if (event.kind === 'read') await readAll(world, event.user)
        else await store.notifications.cancel(tenant, event.id, Date.now())
      }
    }
  }
}

test('a simulated month agrees with an independent model, message by message', {
  timeout: 600_000,
}, async () => {
  const { people, events } = monthOf(PEOPLE, SEED)
  const world = await openMonth(people)
  try {
    await play(world, events)
    const expected: Leaving[] = []
    const tied = new Set<string>()
    for (const each of people)
      for (const context of ['', 'team'] as const) {
        const own = events.filter(({ user }) => user === each.id)
        const played = leavings(
          each,
          context,
          { types: TYPES, schedules: SCHEDULES, start: START, end: END },
          own,
        )
        expected.push(...played.leaving)
        if (played.tied) tied.add(each.id)
      }
    const untied = (leaving: Leaving[]) =>
      sorted(leaving.filter(({ at, user }) => at < END && !tied.has(user)))
    expect(tied.size).toBeLessThan(PEOPLE / 2)
    expect(untied(expected).length).toBeGreaterThan(PEOPLE * 10)
    expect(untied(world.left)).toEqual(untied(expected))
    expect(await world.deadLetters()).toEqual([])
  } finally {
    await world.close()
  }
})
