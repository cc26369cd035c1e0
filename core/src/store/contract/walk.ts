import { type Place, SLOTS, type Stretch, type UserPage } from '../ports/walk.ts'

/** Walks all users in eight stretches, as eight chains do. */
export const walkAll = async (walk: (stretch: Stretch) => Promise<UserPage>): Promise<string[]> => {
  const chain = async (from: number, to: number) => {
    const users: string[] = []
    let after: Place | undefined
    do {
      const page = await walk({ from, to, ...(after ? { after } : {}) })
      users.push(...page.users)
      after = page.next
    } while (after)
    return users
  }
  const chains = Array.from({ length: 8 }, (_, index) =>
    chain((index * SLOTS) / 8, ((index + 1) * SLOTS) / 8),
  )
  return (await Promise.all(chains)).flat()
}

export const people = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `user-${index}@example.org`)
