import type { Stretch, UserPage } from './walk.ts'

/** The topics that people are in. All writes are idempotent. */
export interface Topics {
  add(tenant: string, topic: string, users: readonly string[]): Promise<void>
  remove(tenant: string, topic: string, users: readonly string[]): Promise<void>
  /** As Users.walk, over the members of one topic. */
  walk(tenant: string, topic: string, stretch: Stretch, limit: number): Promise<UserPage>
}
