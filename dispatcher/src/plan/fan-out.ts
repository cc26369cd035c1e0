import { hash } from 'node:crypto'
import { type Audience, addressedBy } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import { type Place, SLOTS, type UserPage } from '@carillon/core/store/ports/walk'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { workSubject } from '@carillon/schemas'
import type { ChunkWork, Pinned, Ready } from '../work.ts'
import { type PlannedPeople, planRecipients } from './recipients.ts'

/** Recipients that are read, planned and stored together: the bound on what a fan-out holds in memory. */
export const CHUNK = 500

/**
 * Chains of chunks that walk a large audience. Its slots are cut into CHAINS stretches, one for each chain. A chunk, once
 * stored, puts the next one of its chain at the back of the queue. So a fan-out of any size has at most CHAINS messages
 * waiting, fan-outs of several tenants take turns chunk by chunk, and a dispatcher that dies loses nothing: the chunk that
 * it held comes again.
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

/** The first chunk of every chain over an audience; `firstChain` is the notification's next free chain. */
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

/** A chunk that is planned, and where its chain goes on; `next` is absent at the end of the chain. */
export type PlannedChunk = PlannedPeople & { next?: Place }

/** Reads the members of one chunk, and plans the notification for each of them. */
export const createPlanChunk =
  (store: Pick<Store, 'users' | 'topics'>) =>
  async ({ audience, from, to, after }: ChunkWork, pinned: Pinned): Promise<PlannedChunk> => {
    const { users, next } = await walk(store, pinned.ready.tenant, audience, { from, to, after })
    const addressed = [addressedBy(audience)]
    const people = users.map((user) => [user, addressed] as const)
    return { ...planRecipients(pinned, people, Date.now()), ...(next ? { next } : {}) }
  }

/** The message that goes on with a chain from `next`. */
export const nextChunk = (work: ChunkWork, next: Place, reached: number): OutgoingMessage =>
  chunkMessage({ ...work, after: next, reached })
