import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { createDataCheck } from '@carillon/core/data-schema/data-check'
import { grouped, slices } from '@carillon/core/group-by'
import type { FoundItem } from '@carillon/core/items/found'
import type { Verb } from '@carillon/core/items/operation-work'
import { mergePatch } from '@carillon/core/json/merge-patch'
import { renderedItem } from '@carillon/core/render/item'
import type { Store } from '@carillon/core/store/port'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import type { KnownUser } from '@carillon/core/store/ports/users'
import type { Stream } from '@carillon/core/stream/port'
import { hasTemplates } from '@carillon/core/template/languages'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import { scopeOf } from '@carillon/core/template/scope'
import {
  changeOf,
  type InboxContent,
  type InboxItem,
  type ItemTexts,
  NOTIFICATION_MAX_BYTES,
} from '@carillon/schemas'
import type { Announce, Told } from './announce.ts'
import { lifecycleEvents } from './lifecycle.ts'

/** Users whose items are replaced at the same time. */
const AT_ONCE = 32

type Data = NonNullable<InboxContent['data']>
type Replace = Extract<Verb, { kind: 'replace' }>

export type ReplacePorts = {
  store: Pick<Store, 'inbox' | 'users' | 'notifications'>
  stream: Pick<Stream, 'publish'>
  cache: Pick<SettingsCache, 'tenant' | 'context' | 'typeVersion'>
  prepared: PreparedTypes
  announce: Announce
}

/** Returns new content of an item; undefined if the data does not fit. */
type ContentFor = (content: InboxContent) => InboxContent | undefined

/** Returns content with new texts, which are used as they are. */
const withTexts = (content: InboxContent, texts: ItemTexts): InboxContent => {
  const given = Object.entries(texts).map(([name, text]) => [name, text ?? undefined])
  return { ...content, ...Object.fromEntries(given), literal: true }
}

const itemTold = (tenant: string, user: string, item: InboxItem, ring: boolean | undefined): Told => ({
  ...{ tenant, user, contexts: [item.context ?? ''] },
  eventsFor: (counts) => [
    {
      event: 'inbox.changed' as const,
      payload: {
        ids: [item.id],
        patch: {},
        item,
        ...(ring && !item.silent ? { ring: true as const } : {}),
        counts,
      },
    },
  ],
})

/** Returns a function that replaces the contents of items. It resolves with the number of items that were skipped. Repeatable. */
export const createReplace = ({ store, stream, cache, prepared, announce }: ReplacePorts) => {
  const dataFault = createDataCheck()

  /** Renders an item anew with other data, as the version of its type did under which it was accepted. */
  const rendering = async (
    tenant: string,
    item: InboxItem,
    record: Pick<NotificationProgress, 'version' | 'revision'> | undefined,
    reader: Pick<KnownUser, 'id' | 'profile' | 'reported'>,
    patch: Data,
  ): Promise<ContentFor> => {
    const { version, revision } = record ?? {}
    const type = version === undefined ? undefined : await cache.typeVersion(tenant, item.type, version)
    const templates =
      type && hasTemplates(type)
        ? await prepared(tenant, type, { revision, variant: item.variant })
        : undefined
    const tenancy = await lookUpInContext(cache, tenant, item.context)
    return (before) => {
      const data = mergePatch(before.data ?? {}, patch) as Data
      if (dataFault(tenant, type, data) || JSON.stringify(data).length > NOTIFICATION_MAX_BYTES)
        return undefined
      const { literal: _, ...content } = { ...before, data }
      if (!templates) return content
      const viewer = localeAndZone(reader, tenancy.settings, Date.parse(before.createdAt))
      const scope = scopeOf(content, { id: reader.id, profile: reader.profile }, tenancy)
      const parts = { templates, scope, viewer, name: type?.name, test: before.test }
      return renderedItem(content, parts).content
    }
  }

  /** Replaces the items of one user. */
  const ofUser = async (
    tenant: string,
    user: string,
    items: readonly InboxItem[],
    { data, content, unread }: Replace,
    facts: { records: ReadonlyMap<string, NotificationProgress>; reader: KnownUser | undefined; at: number },
  ): Promise<{ replaced: InboxItem[]; skipped: number }> => {
    const owner = { tenant, user }
    const replaced: InboxItem[] = []
    let skipped = 0
    for (const item of items) {
      const reader = facts.reader ?? { id: user, profile: {} }
      const record = facts.records.get(item.notification)
      const change: ContentFor = data
        ? await rendering(tenant, item, record, reader, data)
        : (before) => withTexts(before, content ?? {})
      const counting: ContentFor = (before) => {
        const next = change(before)
        if (!next) skipped++
        return next
      }
      replaced.push(...(await store.inbox.rewrite(owner, [item.id], counting, facts.at)))
    }
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
    await announce(replaced.map(({ user, item }) => itemTold(tenant, user, item, verb.ring)))
    if (replaced.length > 0) await stream.publish(lifecycleEvents(tenant, 'replaced', replaced))
    return done.reduce((sum, { skipped }) => sum + skipped, 0)
  }
}
