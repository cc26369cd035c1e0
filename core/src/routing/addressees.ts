import { type Notification, TopicKey } from '@carillon/schemas'
import { z } from 'zod'
import type { StoredUser } from '../store/ports/users.ts'

/** A group whose members have to be looked up. */
export const Audience = z.union([z.object({ topic: TopicKey }), z.object({ everyone: z.literal(true) })])
export type Audience = z.infer<typeof Audience>

/** Whom a notification is addressed to, before any lookup. */
export type Recipients = {
  users: string[]
  audiences: Audience[]
  excluded: Set<string>
  /** Users that came with attributes, to be remembered. */
  introduced: StoredUser[]
}

/** Takes `to`, `exclude` and `actor` apart. Each user once; the actor does not notify themself. Pure. */
export const recipientsOf = ({
  to,
  exclude,
  actor,
}: Pick<Notification, 'to' | 'exclude' | 'actor'>): Recipients => {
  const excluded = new Set(exclude)
  if (actor?.user !== undefined) excluded.add(actor.user)
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
    users: [...users].filter((user) => !excluded.has(user)),
    audiences: [
      ...[...topics].map((topic) => ({ topic })),
      ...(everyone ? [{ everyone: true as const }] : []),
    ],
    excluded,
    introduced,
  }
}
