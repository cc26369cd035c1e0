import { type Notification, TopicKey } from '@carillon/schemas'
import { z } from 'zod'
import type { StoredUser } from '../store/ports/users.ts'

/** A group whose members have to be looked up. */
export const Audience = z.union([z.object({ topic: TopicKey }), z.object({ everyone: z.literal(true) })])
export type Audience = z.infer<typeof Audience>

/** How a notification is addressed to a user. */
export const Addressed = z.union([
  z.object({ by: z.enum(['user', 'everyone']) }),
  z.object({ by: z.literal('topic'), topic: TopicKey }),
])
export type Addressed = z.infer<typeof Addressed>

/** Returns how the members of an audience are addressed. */
export const addressedBy = (audience: Audience): Addressed =>
  'topic' in audience ? { by: 'topic', topic: audience.topic } : { by: 'everyone' }

/** The addressees of a notification, before any lookup. */
export type Addressees = {
  /** Named users, each once. */
  users: string[]
  audiences: Audience[]
  /** Users with attributes, which will be stored. */
  introduced: StoredUser[]
}

/** Splits `to` into its parts. Exclusion is decided later. Pure. */
export const addresseesOf = ({ to }: Pick<Notification, 'to'>): Addressees => {
  if (typeof to === 'string') return { users: [to], audiences: [], introduced: [] }
  const users = new Set<string>()
  const topics = new Set<string>()
  const introduced: StoredUser[] = []
  let everyone = false
  for (const entry of Array.isArray(to) ? to : [to]) {
    if (typeof entry === 'string') users.add(entry)
    else if ('topic' in entry) topics.add(entry.topic)
    else if ('everyone' in entry) everyone = true
    else {
      const { user, ...profile } = entry
      users.add(user)
      if (Object.keys(profile).length > 0) introduced.push({ id: user, profile })
    }
  }
  return {
    users: [...users],
    audiences: [
      ...[...topics].map((topic) => ({ topic })),
      ...(everyone ? [{ everyone: true as const }] : []),
    ],
    introduced,
  }
}
