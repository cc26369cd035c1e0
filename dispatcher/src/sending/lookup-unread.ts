import type { Step } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'

/**
 * Returns a function that counts a user's unread items, exact up to 100. It reads when it is first called, and once for each
 * user.
 */
export const lookUpUnread = ({ inbox }: Pick<Store, 'inbox'>) => {
  const counts = new Map<string, Promise<number>>()
  return ({ tenant, user }: Pick<Step, 'tenant' | 'user'>): Promise<number> => {
    const key = `${tenant}\n${user}`
    const known = counts.get(key)
    if (known) return known
    const count = inbox.counts({ tenant, user }).then(({ counts }) => counts.unread)
    counts.set(key, count)
    // A failed read is repeated with the step.
    count.catch(() => counts.delete(key))
    return count
  }
}
