import { hash } from 'node:crypto'
import type { Audience } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import { type Place, SLOTS, type UserPage } from '@carillon/core/store/ports/walk'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import { workSubject } from '@carillon/schemas'
import { type Deliver, PAGE } from '../inbox/deliver.ts'
import type { PageWork, Ready } from '../work.ts'

/**
 * How a large audience is walked. Its slots are cut into CHAINS stretches; each is a chain of messages, and a page,
 * once stored, puts the next one at the back of the queue. So a blast of any size never has more than CHAINS messages
 * waiting, blasts of several tenants take turns page by page, memory is bounded by one page, and a dispatcher that
 * dies loses nothing: the page it held comes again.
 */
export const CHAINS = 8

const encoder = new TextEncoder()

const pageMessage = (work: PageWork): OutgoingMessage => {
  const { tenant, id, notification } = work.ready
  const place = work.after ? `${work.after.slot}\n${work.after.user}` : ''
  return {
    subject: workSubject('page', notification.priority, tenant),
    data: encoder.encode(JSON.stringify(work)),
    dedupe: hash('sha256', `page\n${tenant}\n${id}\n${work.chain}\n${place}`, 'base64url'),
  }
}

/** The first messages of the walk over an audience; `firstChain` is the notification's next free chain. */
export const firstPages = (ready: Ready, audience: Audience, exclude: string[], firstChain: number) =>
  Array.from({ length: CHAINS }, (_, index) =>
    pageMessage({
      ready,
      audience,
      exclude,
      chain: firstChain + index,
      from: (index * SLOTS) / CHAINS,
      to: ((index + 1) * SLOTS) / CHAINS,
      reached: 0,
    }),
  )

type WalkPorts = Pick<Store, 'users' | 'topics'>

/** Up to PAGE members of an audience within a stretch of slots. */
export const walk = (
  store: WalkPorts,
  tenant: string,
  audience: Audience,
  stretch: { from: number; to: number; after?: Place },
): Promise<UserPage> =>
  'topic' in audience
    ? store.topics.walk(tenant, audience.topic, stretch, PAGE)
    : store.users.walk(tenant, stretch, PAGE)

/** Handles one page: stores it, notes how far the chain is, and puts the next page into the log. Repeatable. */
export const createPageHandler =
  (
    ports: { store: Pick<Store, 'users' | 'topics' | 'notifications'>; stream: Pick<Stream, 'publish'> },
    deliver: Deliver,
  ) =>
  async (work: PageWork): Promise<void> => {
    const { store, stream } = ports
    const { ready, audience, exclude, chain, from, to, after } = work
    const { tenant, id } = ready
    const state = (await store.notifications.get(tenant, id))?.state
    if (state === 'cancelled' || ready.expiresAt <= Date.now()) return
    const { users, next } = await walk(store, tenant, audience, { from, to, after })
    const excluded = new Set(exclude)
    const recipients = users.filter((user) => !excluded.has(user))
    const skipped = await deliver([{ ready, users: recipients }], [])
    const reached = work.reached + recipients.length - (skipped.get(ready)?.length ?? 0)
    await store.notifications.progress(tenant, id, { chain, reached, finished: next === undefined })
    if (next) await stream.publish([pageMessage({ ...work, after: next, reached })])
  }
