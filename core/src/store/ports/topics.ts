import type { Stretch, UserPage } from './walk.ts'

/** The members of topics. All writes are idempotent. */
export interface Topics {
  add(tenant: string, topic: string, users: readonly string[]): Promise<void>
  remove(tenant: string, topic: string, users: readonly string[]): Promise<void>
  /** Like Users.walk, over the members of a topic. */
  walk(tenant: string, topic: string, stretch: Stretch, limit: number): Promise<UserPage>
}
