import { type Addressed, addressedBy, addresseesOf } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import { type Place, SLOTS } from '@carillon/core/store/ports/walk'
import { DRY_RUN_SAMPLE, type Notification } from '@carillon/schemas'

/** Members that are counted. An audience may have millions. */
const COUNT_MAX = 10_000
const PAGE = 1_000

/** The users whom a notification addresses, with how the first of them are addressed. */
export type FoundAudience = { count: number; more: boolean; sample: Map<string, Addressed[]> }

/** Counts the users whom a notification addresses, and returns the first of them. */
export const createFindAudience =
  ({ users, topics }: Pick<Store, 'users' | 'topics'>) =>
  async (tenant: string, notification: Pick<Notification, 'to'>): Promise<FoundAudience> => {
    const { users: direct, audiences } = addresseesOf(notification)
    const seen = new Set(direct)
    const sample = new Map<string, Addressed[]>(
      direct.slice(0, DRY_RUN_SAMPLE).map((user) => [user, [{ by: 'user' }]]),
    )
    let more = false
    for (const audience of audiences) {
      let after: Place | undefined
      do {
        const stretch = { from: 0, to: SLOTS, ...(after && { after }) }
        const page =
          'topic' in audience
            ? await topics.walk(tenant, audience.topic, stretch, PAGE)
            : await users.walk(tenant, stretch, PAGE)
        for (const user of page.users) {
          const ways = sample.get(user)
          if (ways) ways.push(addressedBy(audience))
          else if (sample.size < DRY_RUN_SAMPLE && !seen.has(user)) sample.set(user, [addressedBy(audience)])
          seen.add(user)
        }
        after = page.next
      } while (after && seen.size < COUNT_MAX)
      more ||= after !== undefined
    }
    return { count: seen.size, more, sample }
  }
