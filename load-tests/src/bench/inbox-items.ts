import type { ItemContent } from '@carillon/schemas'
import { TYPE } from './payload.ts'

/** One item in this many belongs to the rare category. */
const RARE_EVERY = 1_000

/** Returns the content of the nth item of an inbox. */
export const inboxContent = (user: string, n: number, now: number): Omit<ItemContent, 'id'> => ({
  ...{ notification: `bench-${user}-${n}`, type: TYPE, priority: 'normal', title: 'Grace replied to you' },
  body: `Reply ${n}: yes, the second draft reads much better; one question about the last paragraph.`,
  category: n % RARE_EVERY === 7 ? 'rare' : 'social',
  createdAt: new Date(now).toISOString(),
})
