import { itemId } from '@carillon/core/notification/ids'
import type { Store } from '@carillon/core/store/port'
import type { BareInbox } from './baselines/inbox.ts'
import type { Bench, Context } from './bench.ts'
import { startChild } from './child.ts'
import { inboxContent } from './inbox-items.ts'
import {
  type Inbox,
  inboxResults,
  readAll,
  readAndChange,
  type Samples,
  type Side,
} from './inbox-requests.ts'
import { type Installation, inEachMode } from './installations.ts'
import { openKeepAlive } from './keep-alive.ts'
import { userOf } from './payload.ts'

/** Number of inboxes of each size, which are requested in turn. */
const INBOXES = 3
const CHUNK = 500
const KEPT_MS = 30 * 86_400_000

type Later = (undo: () => unknown) => void

/** Fills an inbox directly, because dispatchers would take hours. */
const fill = async (store: Store, tenant: string, user: string, size: number) => {
  for (let from = 0; from < size; from += CHUNK)
    await store.inbox.put(
      Array.from({ length: Math.min(CHUNK, size - from) }, (_, index) => {
        const now = Date.now()
        const content = inboxContent(user, from + index, now)
        const id = itemId(tenant, content.notification, user, now)
        return { tenant, user, id, content, expiresAt: now + KEPT_MS }
      }),
    )
}

/** Starts the baseline and fills its inboxes. */
const startBare = async (sizes: readonly number[], later: Later): Promise<Side> => {
  const child = await startChild<BareInbox>(new URL('./baselines/inbox.ts', import.meta.url))
  later(child.stop)
  for (const [index, size] of sizes.entries()) await child.call('fill', { user: userOf(index), size })
  const http = await openKeepAlive(`http://127.0.0.1:${await child.call('listen', undefined)}`, 1)
  later(http.close)
  return { http, processes: { bare: child.pid } }
}

type Field = { name: string; ours: Side; bare: Side; sizes: readonly number[]; tokens: readonly string[] }

const measure = async ({ quick, note, print }: Context, field: Field): Promise<void> => {
  const { name, ours, bare, sizes, tokens } = field
  const inboxes = sizes.map((size, index): [Inbox, Inbox] => [
    { size, token: tokens[index] ?? '' },
    { size, token: userOf(index) },
  ])
  type Work = typeof readAll
  const both = async (work: Work, [inbox, plain]: [Inbox, Inbox], [mine, theirs]: [Samples, Samples]) => {
    await work(ours, inbox, mine)
    await work(bare, plain, theirs)
  }
  const newSamples = (): [Samples, Samples] => [new Map(), new Map()]

  note(`${name}: pages and changes`)
  const changes = newSamples()
  for (const each of inboxes) await both(readAndChange, each, newSamples())
  for (let round = 0; round < (quick ? 3 : 15); round++)
    for (const [index, each] of inboxes.entries())
      if (index % INBOXES === round % INBOXES) await both(readAndChange, each, changes)
  print(inboxResults(name, ...changes))

  note(`${name}: read-all`)
  const after = newSamples()
  for (const each of inboxes) await both(readAll, each, after)
  print(inboxResults(name, ...after))
}

/**
 * Measures lists and changes of one user's inbox over HTTP, at several sizes, against an inbox with Hono and SQLite that does the
 * minimum.
 */
export const inbox: Bench = (context) =>
  inEachMode(context, async (mode, raise, later) => {
    const name = `inbox.${mode}`
    const each = context.quick ? [100, 10_000] : [100, 10_000, 100_000]
    const sizes = each.flatMap((size) => Array.from({ length: INBOXES }, () => size))
    context.note(`${name}: filling ${sizes.length} inboxes`)
    const installation: Installation = await raise({
      settings: { CARILLON_REQUEST_LIMITS: 'user=off' },
      prepare: async (store, tenant) => {
        for (const [index, size] of sizes.entries()) await fill(store, tenant, userOf(index), size)
      },
    })
    const { hub, processes, tenant } = installation
    const auths = (await tenant.auths(sizes.length)) as { token: string }[]
    const http = await openKeepAlive(hub, 1)
    later(http.close)
    const bare = await startBare(sizes, later)
    const tokens = auths.map(({ token }) => token)
    await measure(context, { name, ours: { http, processes }, bare, sizes, tokens })
  })
