import type { InboxPlace } from '@carillon/core/store/ports/inbox'
import type { Counts, InboxItem } from '@carillon/schemas'
import type { ClientView, Letter, Observation, Row } from './checker.ts'
import type { Internals } from './environment.ts'

const READERS = 32
const PAGE = 500

/** Returns the key of a message, from its JSON even if malformed, or from the type in its subject. */
const keyOfMessage = (subject: string, data: Uint8Array): string => {
  const [, key] = /"key":"([^"]+)"/.exec(new TextDecoder().decode(data.subarray(0, 4_096))) ?? []
  const [, tenant, , ...type] = subject.split('.')
  return key ?? [tenant, ...type].join('.')
}

const rowOf = (user: string, { id, data, title, readAt, seenAt }: InboxItem): Row => ({
  user,
  id,
  key: String(data?.key),
  unread: readAt === null,
  unseen: seenAt === null,
  ...(title !== undefined && { title }),
})

const inboxOf = async ({ store }: Internals, tenant: string, user: string): Promise<Row[]> => {
  const rows: Row[] = []
  for (let before: InboxPlace | undefined; ; ) {
    const { items, next } = await store.inbox.page(
      { tenant, user },
      { status: 'active', limit: PAGE, ...(before && { before }) },
    )
    rows.push(...items.map((item) => rowOf(user, item)))
    before = next
    if (!next) return rows
  }
}

/** Returns the dead letters of this run, including those with invalid subjects, which have other tenant tokens. */
const lettersOf = async ({ stream }: Internals, tenant: string): Promise<Letter[]> => {
  const letters: Letter[] = []
  for (let from = 1; ; ) {
    const page = await stream.deadLetters({ from, limit: 500 })
    for (const { tenant, subject, data, reason } of page)
      letters.push({ key: keyOfMessage(subject, data), tenant, code: reason.code })
    const last = page.at(-1)
    if (!last) return letters.filter(({ key }) => key.startsWith(`${tenant}.`))
    from = last.sequence + 1
  }
}

/** Reads all dead letters of the tenant, and every inbox of `users` and of users with items. */
export const observe = async (
  internals: Internals,
  tenant: string,
  users: readonly string[],
  clients: readonly ClientView[],
): Promise<Observation> => {
  const everyone = [...new Set([...users, ...(await internals.usersWithItems(tenant))])]
  const rows: Row[] = []
  const counts = new Map<string, Counts>()
  let next = 0
  const reader = async () => {
    for (let user = everyone[next++]; user !== undefined; user = everyone[next++]) {
      for (const row of await inboxOf(internals, tenant, user)) rows.push(row)
      counts.set(user, (await internals.store.inbox.counts({ tenant, user })).counts)
    }
  }
  await Promise.all(Array.from({ length: READERS }, reader))
  return { rows, letters: await lettersOf(internals, tenant), counts, clients }
}
