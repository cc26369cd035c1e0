import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { grouped, slices } from '@carillon/core/group-by'
import { isLocal } from '@carillon/core/notification/delivery-times'
import { localKey } from '@carillon/core/notification/ids'
import type { Store } from '@carillon/core/store/port'
import { localChain } from '@carillon/core/store/rules/notification-state'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { scheduleSubject, workSubject } from '@carillon/schemas'
import type { Pinned } from '../intake/ready.ts'
import { CHUNK } from './fan-out.ts'
import { lookUpPeople } from './person-facts.ts'
import type { PreferencePorts, ReadChosen } from './preferences.ts'
import { type PlannedPeople, planRecipients, type Waiting } from './recipients.ts'
import type { LocalWork } from './work.ts'

const encoder = new TextEncoder()

/** Groups people by their instant and by the ways in which they are addressed, the earliest first. */
const groupsOf = (waiting: readonly Waiting[]): LocalWork['waiting'] =>
  [...grouped(waiting, ({ at, addressed }) => `${at} ${JSON.stringify(addressed)}`).values()]
    .flatMap((some) => {
      const [first] = some
      const users = some.map(({ user }) => user)
      return first ? [{ at: first.at, addressed: [...first.addressed], users }] : []
    })
    .sort((one, other) => one.at - other.at)

const peopleOf = (groups: LocalWork['waiting']): Waiting[] =>
  groups.flatMap(({ at, addressed, users }) => users.map((user) => ({ user, at, addressed })))

/**
 * Returns the message that puts people back into the log until the first of their instants. A chain has at most one message
 * there: what is put back again replaces it.
 */
export const localMessage = (
  work: Omit<LocalWork, 'waiting'>,
  waiting: readonly Waiting[],
): OutgoingMessage => {
  const { tenant, id, notification } = work.ready
  const groups = groupsOf(waiting)
  const [first] = groups
  if (!first) throw new RangeError('nobody waits')
  const whole: LocalWork = { ...work, waiting: groups }
  return {
    subject: workSubject('local', notification.priority, tenant),
    data: encoder.encode(JSON.stringify(whole)),
    schedule: { at: first.at, key: scheduleSubject(tenant, 'local_time', localKey(id, work.chain)) },
  }
}

/** A chain to open in the record of a notification, and its first message; absent if nobody waits. */
export type OpenedChain = { chain: number; message?: OutgoingMessage }

/**
 * Returns the chains of users who wait for their local time: one for every CHUNK of `users`, who are all that
 * were planned. So a repeated plan, which may find fewer, replaces the same chains; one in which nobody waits is finished.
 * `opener` and `page` number them, as in `localChain`. None for a notification without a local time.
 */
export const openLocal = (
  { batch: { ready, unnamed }, waiting }: PlannedPeople,
  {
    users,
    opener,
    page = 0,
    partial,
  }: { users: readonly string[]; opener: number; page?: number; partial: boolean },
): OpenedChain[] => {
  if (!isLocal(ready.notification.deliverAt)) return []
  const found = new Map(waiting.map((person) => [person.user, person]))
  return slices(users, CHUNK).map((some, index) => {
    const chain = localChain(opener, page + index)
    const left = some.flatMap((user) => found.get(user) ?? [])
    if (left.length === 0) return { chain }
    return { chain, message: localMessage({ ready, chain, unnamed, partial, reached: 0 }, left) }
  })
}

/** Returns the messages of opened chains. */
export const messagesOf = (opened: readonly OpenedChain[]): OutgoingMessage[] =>
  opened.flatMap(({ message }) => message ?? [])

/** People of a chain, planned. `waiting`: those who still wait. */
export type PlannedLocal = Pick<PlannedPeople, 'waiting' | 'against'> & {
  batches: PlannedPeople['batch'][]
}

/**
 * Plans a notification for the people of a chain whose instant has come. Their time zones are read again: who has moved west
 * waits again, and who has moved east may be late.
 */
export const createPlanLocal =
  (store: Pick<Store, 'users'>, chosen: ReadChosen, cache: PreferencePorts['cache']) =>
  async (work: LocalWork, pinned: Pinned): Promise<PlannedLocal> => {
    const { tenant, notification } = pinned.ready
    const now = Date.now()
    const first = Math.min(...work.waiting.map(({ at }) => at))
    // The schedule may have fired by a clock ahead of this one.
    const isDue = ({ at }: { at: number }) => at <= Math.max(now, first)
    const due = peopleOf(work.waiting.filter(isDue))
    const users = due.map(({ user }) => user)
    const [own, facts, tenancy] = await Promise.all([
      chosen(pinned, users),
      lookUpPeople(store, pinned, users),
      lookUpInContext(cache, tenant, notification.context),
    ])
    const { unnamed, partial } = work
    const planned = [...grouped(due, ({ at }) => at)].map(([asked, some]) =>
      planRecipients(
        pinned,
        some.map(({ user, addressed }) => [user, addressed] as const),
        { ...own, ...facts, tenancy, now, partial, asked, unnamed },
      ),
    )
    return {
      batches: planned.map(({ batch }) => batch),
      against: planned.flatMap(({ against }) => against),
      waiting: [
        ...planned.flatMap(({ waiting }) => waiting),
        ...peopleOf(work.waiting.filter((group) => !isDue(group))),
      ],
    }
  }
