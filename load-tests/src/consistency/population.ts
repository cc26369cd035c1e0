import { createRandom, type Random } from './random.ts'

/**
 * The recipients of a tenant: all known users, and topics. The topic `large` has members that are not known
 * users.
 */
export type Population = { users: string[]; topics: Map<string, string[]> }

const TEAMS = 10
const TEAM_SIZE = 20

/** Returns a user id in one of the formats of other systems. */
const userId = (index: number) =>
  [`user-${index}`, `u${index}@example.com`, `auth0|${index}`, `org:${index}=x~y+z`][index % 4] ?? ''

/** Creates users, ten small topics and a large one. */
export const createPopulation = (sizes: { users: number; members: number; seed: number }): Population => {
  const random = createRandom(sizes.seed)
  const users = Array.from({ length: sizes.users }, (_, index) => userId(index))
  const topics = new Map<string, string[]>()
  for (let team = 0; team < TEAMS; team++) topics.set(`team:${team}`, random.some(users, TEAM_SIZE))
  const others = Math.max(0, sizes.members - users.length)
  topics.set('large', [...users, ...Array.from({ length: others }, (_, index) => `member-${index}`)])
  return { users, topics }
}

/** The address fields of a notification, and the users who must receive it. */
export type Audience = { to: unknown; recipients: string[] } & Record<string, unknown>

/** Picks recipients of a random kind: a user, several users, a profile, a topic, or a mixture. */
export const pickAudience = (random: Random, { users, topics }: Population): Audience => {
  const roll = random.next()
  const user = random.pick(users)
  if (roll < 0.78) return { to: user, recipients: [user] }
  if (roll < 0.86) {
    const several = random.some(users, 2 + random.below(4))
    return { to: several, recipients: several }
  }
  if (roll < 0.9)
    return {
      to: { user, name: `The ${user}`, locale: 'pt-BR', timezone: 'Europe/Lisbon' },
      recipients: [user],
    }
  const topic = `team:${random.below(TEAMS)}`
  const team = topics.get(topic) ?? []
  if (roll < 0.95) {
    const exclude = random.some(team, 2)
    const actor = random.pick(team)
    const recipients = team.filter((member) => !exclude.includes(member) && member !== actor)
    return { to: { topic }, exclude, actor, recipients }
  }
  // The same users are addressed in several ways, and each must receive the notification once.
  return {
    to: [{ topic }, user, { user }, ...team.slice(0, 2)],
    recipients: [...new Set([...team, user])],
  }
}
