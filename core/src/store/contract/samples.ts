import { randomBytes } from 'node:crypto'
import type { InboxContent } from '@carillon/schemas'
import { itemId } from '../../notification/ids.ts'
import type { NewItem, Owner } from '../ports/inbox.ts'
import type { NotificationRecord } from '../ports/notifications.ts'

export const DAY = 86_400_000
export const HOUR = 3_600_000
/** Retention of stores under test. */
export const RETENTION = 90 * DAY

export const freshTenant = (): string => `t_${randomBytes(8).toString('hex')}`

export const freshOwner = (user = 'ada@example.org'): Owner => ({ tenant: freshTenant(), user })

/** Returns a seeded random generator of [0, 1) (mulberry32, Tommy Ettinger, public domain). */
export const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

let made = 0

type Sample = { age?: number; expiresAt?: number } & Partial<Omit<InboxContent, 'expiresAt'>> & {
    id?: string
  }

/** Returns an item accepted `age` ms ago that expires in 30 days. */
export const sampleItem = (owner: Owner, { age = 0, expiresAt, id, ...content }: Sample = {}): NewItem => {
  const now = Date.now()
  const notification = `n${made++}`
  return {
    ...owner,
    expiresAt: expiresAt ?? now + 30 * DAY,
    id: id ?? itemId(owner.tenant, content.notification ?? notification, owner.user, now - age),
    content: {
      notification,
      type: 'comment.created',
      priority: 'normal',
      title: `It's "quoted" — ✓`,
      createdAt: new Date(now - age).toISOString(),
      ...content,
    },
  }
}

export const sampleRecord = (
  tenant: string,
  id: string,
  more: Partial<NotificationRecord> = {},
): NotificationRecord => ({
  tenant,
  id,
  type: 'comment.created',
  priority: 'high',
  acceptedAt: Date.now(),
  fingerprint: `of ${id}`,
  chains: 0,
  direct: 1,
  ...more,
})

export const ids = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id)

/** Returns ids in the order of a list: the last put first, and within one `put` the highest id first. */
export const newestFirst = (...puts: readonly (readonly NewItem[])[]): string[] =>
  puts.toReversed().flatMap((items) => ids(items).sort().reverse())

/** Ids of other systems, including ones that a store or a subject could misinterpret. */
export const FOREIGN_IDS: readonly string[] = [
  '_9fK2xQ',
  '-JhLeOl',
  'auth0|5f7c',
  'ada+test@example.com',
  'gid://shop/Customer/7',
  '+351912345678',
  '{0a1b2c3d-0000-4000-8000-000000000000}',
  'ab+/c==',
  'josé',
  'jose\u0301',
  '山田 太郎',
  '👩‍💻',
  'a:b=c~d',
  '__proto__',
  `ada"; DROP TABLE inbox; --`,
  "ada' OR '1'='1",
  '../../etc/passwd',
  '%2F',
  '%',
  'a?b#c&d=e',
  '*',
  '>',
  'a.b',
  'A',
  'a',
  'x'.repeat(128),
  'é'.repeat(64),
]
