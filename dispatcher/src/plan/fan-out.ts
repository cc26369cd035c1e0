import { hash } from 'node:crypto'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { type Addressed, type Audience, addressedBy, addresseesOf } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import { type Place, SLOTS, type UserPage } from '@carillon/core/store/ports/walk'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { workSubject } from '@carillon/schemas'
import type { Pinned, Ready } from '../intake/ready.ts'
import { lookUpPeople } from './person-facts.ts'
import type { PreferencePorts, ReadChosen } from './preferences.ts'
import { type PlannedPeople, planRecipients } from './recipients.ts'
import type { ChunkWork } from './work.ts'

/** Recipients that are read, planned and stored together. It bounds the memory of a fan-out. */
export const CHUNK = 500

/**
 * Chains of chunks that walk a large audience concurrently. Each chain has its share of the audience's slots. Once a chunk
 * is stored, the next one of its chain is put at the back of the queue. So a fan-out of any size has at most CHAINS
 * messages in the queue, and fan-outs of several tenants take turns. If a dispatcher dies, its chunk is redelivered.
 */
export const CHAINS = 8

const encoder = new TextEncoder()

const chunkMessage = (work: ChunkWork): OutgoingMessage => {
  const { tenant, id, notification } = work.ready
  const place = work.after ? `${work.after.slot}\n${work.after.user}` : ''
  return {
    subject: workSubject('chunk', notification.priority, tenant),
    data: encoder.encode(JSON.stringify(work)),
    dedupe: hash('sha256', `chunk\n${tenant}\n${id}\n${work.chain}\n${place}`, 'base64url'),
  }
}

/** Returns the first chunk of each chain over an audience. `firstChain` is the notification's next free chain. */
export const firstChunks = (ready: Ready, audience: Audience, firstChain: number): OutgoingMessage[] =>
  Array.from({ length: CHAINS }, (_, index) =>
    chunkMessage({
      ready,
      audience,
      chain: firstChain + index,
      from: (index * SLOTS) / CHAINS,
      to: ((index + 1) * SLOTS) / CHAINS,
      reached: 0,
    }),
  )

/** Reads up to CHUNK members of an audience within a stretch of slots. */
export const walk = (
  store: Pick<Store, 'users' | 'topics'>,
  tenant: string,
  audience: Audience,
  stretch: { from: number; to: number; after?: Place },
): Promise<UserPage> =>
  'topic' in audience
    ? store.topics.walk(tenant, audience.topic, stretch, CHUNK)
    : store.users.walk(tenant, stretch, CHUNK)

/**
 * A planned chunk. `users`: its members. `partial`: they may be addressed in more ways. `next` is where its
 * chain continues; absent at its end.
 */
export type PlannedChunk = PlannedPeople & { users: readonly string[]; partial: boolean; next?: Place }

/** Returns the ways in which a notification is known to address the members of one of its audiences. */
const waysTo = ({ notification }: Ready, audience: Audience) => {
  const { users, audiences } = addresseesOf(notification)
  const everyone = audiences.some((each) => 'everyone' in each)
  const ways: Addressed[] = [addressedBy(audience), ...(everyone ? [{ by: 'everyone' as const }] : [])]
  const named = new Set(users)
  const alsoNamed: Addressed[] = [...ways, { by: 'user' }]
  return {
    of: (user: string): readonly Addressed[] => (named.has(user) ? alsoNamed : ways),
    partial: audiences.length > 1,
  }
}

/** Reads the members of one chunk and plans the notification for each of them. */
export const createPlanChunk =
  (store: Pick<Store, 'users' | 'topics'>, chosen: ReadChosen, cache: PreferencePorts['cache']) =>
  async ({ audience, from, to, after }: ChunkWork, pinned: Pinned): Promise<PlannedChunk> => {
    const { users, next } = await walk(store, pinned.ready.tenant, audience, { from, to, after })
    const { tenant, notification } = pinned.ready
    const [own, facts, tenancy] = await Promise.all([
      chosen(pinned, users),
      lookUpPeople(store, pinned, users),
      lookUpInContext(cache, tenant, notification.context),
    ])
    const ways = waysTo(pinned.ready, audience)
    const people = users.map((user) => [user, ways.of(user)] as const)
    const planned = planRecipients(pinned, people, {
      ...own,
      ...facts,
      tenancy,
      now: Date.now(),
      partial: ways.partial,
    })
    return { ...planned, users, partial: ways.partial, ...(next ? { next } : {}) }
  }

/** Returns the message that continues a chain from `next`. */
export const nextChunk = (
  work: ChunkWork,
  next: Place,
  progress: Pick<ChunkWork, 'reached' | 'opened'>,
): OutgoingMessage => chunkMessage({ ...work, ...progress, after: next })
