import type { ScheduleInput } from '@carillon/schemas'

/** A schedule, and who wrote it when. */
export type StoredSchedule = {
  id: string
  definition: ScheduleInput
  /** The id of the API key that wrote it: the sender of its notifications. */
  sender: string
  /** Chosen by the writer, for each write anew. */
  revision: string
  /** When it was written, epoch ms. Earlier runs are not of this definition. */
  changedAt: number
}

/** The schedules of a tenant, by id. Encrypted at rest. */
export interface Schedules {
  /**
   * Creates or replaces a schedule. Resolves with false, and changes nothing, if `expected` is given and is not its revision. Of
   * concurrent calls with the same `expected`, one takes effect.
   */
  put(tenant: string, schedule: StoredSchedule, expected?: string): Promise<boolean>
  get(tenant: string, id: string): Promise<StoredSchedule | undefined>
  /** Lists schedules, ordered by id, after the id `after`. `next` is absent on the last page. */
  list(
    tenant: string,
    page: { after?: string; limit: number },
  ): Promise<{ schedules: StoredSchedule[]; next?: string }>
  /** Returns how many schedules the tenant has. */
  count(tenant: string): Promise<number>
  /** Deletes a schedule, under the same condition as `put`. Resolves with whether the condition held. */
  remove(tenant: string, id: string, expected?: string): Promise<boolean>
}
