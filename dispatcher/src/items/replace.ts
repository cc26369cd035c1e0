import type { PushUpdates } from '@carillon/core/delivery/push-updates'
import { grouped, slices } from '@carillon/core/group-by'
import type { FoundItem } from '@carillon/core/items/found'
import type { Verb } from '@carillon/core/items/operation-work'
import { withTexts } from '@carillon/core/notification/literal-texts'
import type { Store } from '@carillon/core/store/port'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import type { KnownUser } from '@carillon/core/store/ports/users'
import type { Stream } from '@carillon/core/stream/port'
import { changeOf, type InboxContent, type InboxItem } from '@carillon/schemas'
import { type Announce, replacedMessages } from './announce.ts'
import { eventsOfUsers } from './lifecycle.ts'
import { type ContentFor, createNewContent, type NewContentPorts } from './new-content.ts'

/** Maximum users whose items are replaced concurrently. */
const AT_ONCE = 32

type Replace = Extract<Verb, { kind: 'replace' }>

export type ReplacePorts = NewContentPorts & {
  store: Pick<Store, 'inbox' | 'users' | 'notifications'>
  stream: Pick<Stream, 'publish'>
  announce: Announce
  pushUpdates: PushUpdates
}

/** Returns a function that replaces the contents of items. It resolves with the number of skipped items. Repeatable. */
export const createReplace = ({ store, stream, cache, prepared, announce, pushUpdates }: ReplacePorts) => {
  const newContent = createNewContent({ cache, prepared })

  /** Replaces the items of one user. */
  const ofUser = async (
    tenant: string,
    user: string,
    items: readonly InboxItem[],
    { data, content, unread }: Replace,
    facts: { records: ReadonlyMap<string, NotificationProgress>; reader: KnownUser | undefined; at: number },
  ): Promise<{ replaced: InboxItem[]; skipped: number }> => {
    const owner = { tenant, user }
    const reader = facts.reader ?? { id: user, profile: {} }
    const contents = await Promise.all(
      items.map(
        async (item): Promise<[string, ContentFor]> => [
          item.id,
          data
            ? await newContent(tenant, item, facts.records.get(item.notification), reader, data)
            : (before) => withTexts(before, content ?? {}),
        ],
      ),
    )
    const contentOf = new Map(contents)
    let skipped = 0
    const contentFor = (before: InboxContent, id: string) => {
      const next = contentOf.get(id)?.(before)
      if (!next) skipped++
      return next
    }
    const replaced = await store.inbox.rewrite(owner, [...contentOf.keys()], contentFor, facts.at)
    if (!unread || replaced.length === 0) return { replaced, skipped }
    const ids = replaced.map(({ id }) => id)
    const now = Date.now()
    const changes = await store.inbox.change(owner, ids, (item) => changeOf(item, { seen: false }, now))
    return { replaced: changes.map(({ item }) => item), skipped }
  }

  return async (tenant: string, found: readonly FoundItem[], verb: Replace, at: number): Promise<number> => {
    if (found.length === 0) return 0
    const users = [...grouped(found, ({ user }) => user)]
    const [records, people] = await Promise.all([
      store.notifications.find(tenant, [...new Set(found.map(({ item }) => item.notification))]),
      verb.data
        ? store.users.get(
            tenant,
            users.map(([user]) => user),
          )
        : [],
    ])
    const readers = new Map(people.map((person) => [person.id, person]))
    const done: { user: string; replaced: InboxItem[]; skipped: number }[] = []
    for (const some of slices(users, AT_ONCE))
      done.push(
        ...(await Promise.all(
          some.map(async ([user, of]) => {
            const items = of.map(({ item }) => item)
            const facts = { records, reader: readers.get(user), at }
            return { user, ...(await ofUser(tenant, user, items, verb, facts)) }
          }),
        )),
      )
    const replaced = done.flatMap(({ user, replaced }) => replaced.map((item) => ({ user, item })))
    await announce(
      done.flatMap(({ user, replaced: items }) =>
        items.length === 0 ? [] : [replacedMessages(tenant, user, items, verb.ring)],
      ),
    )
    if (replaced.length > 0) await stream.publish(eventsOfUsers(tenant, 'replaced', replaced))
    await pushUpdates(
      tenant,
      done.map(({ user, replaced: items }) => ({ user, items: items.map(({ id }) => id) })),
    )
    return done.reduce((sum, { skipped }) => sum + skipped, 0)
  }
}
